public import Testing

/// Prometheus' own check of an exposition.
public enum Promtool {
  /// Runs `promtool check metrics` on a text exposition.
  ///
  /// - Throws: ``Command/Failure`` with promtool's words where it finds fault.
  public static func check(_ exposition: [UInt8]) throws(Command.Failure) {
    try Command.run("promtool", "check", "metrics", input: exposition)
  }

  static let isInstalled = (try? Command.run("promtool", "--version")) != nil
}

extension Trait where Self == ConditionTrait {
  /// For tests that ask promtool: reported as skipped where it isn't installed.
  public static var promtool: Self {
    .enabled("promtool is not installed") { Promtool.isInstalled }
  }
}
