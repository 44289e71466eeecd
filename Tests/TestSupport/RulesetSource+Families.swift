public import IPTablesSource

extension RulesetSource {
  /// The families of a new reading, with all counters.
  public func read() -> [FamilyReading] { read(.all).families }
}
