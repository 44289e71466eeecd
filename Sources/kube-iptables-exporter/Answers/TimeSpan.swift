internal import ArgumentParser

/// A time to wait: `30s`, `5m`, `1h`; a number alone is seconds.
struct TimeSpan: ExpressibleByArgument, Equatable {
  let duration: Duration

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? argument : String(argument.dropLast())),
      number >= 0, number * (unit ?? 1) <= Self.longest
    else { return nil }
    duration = .seconds(number * (unit ?? 1))
  }

  /// A week, in seconds.
  private static let longest = 604_800.0
}
