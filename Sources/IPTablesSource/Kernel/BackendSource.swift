/// A reader of one of the kernel's backends, and what it knows of who uses that.
protocol BackendSource: RulesetSource {
  /// Whether the mangle table of either family had one of the hints, at the last reading.
  var hasHint: Bool { get }
  /// Whether the last reading failed because the kernel doesn't have the backend, and so no rules in it.
  var isAbsent: Bool { get }
  /// Whether one of the tables is here that are signs, asked for without reading any rules.
  func hasTable() -> Bool
}

extension BackendSource {
  func hasTable() -> Bool { false }
}

extension LegacySource: BackendSource {
  /// Tables that don't exist are no failure.
  var isAbsent: Bool { false }
}

extension NFTSource: BackendSource {
  var hasHint: Bool { evidence.hasHint }
}
