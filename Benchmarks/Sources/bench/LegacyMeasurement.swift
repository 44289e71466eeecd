internal import Harness

/// Everything measured at one size, each round doing one of each so that a machine's moods fall
/// on all alike.
struct LegacyMeasurement {
  private(set) var bareRead = Samples()
  private(set) var libiptc = Samples()
  private(set) var save = Samples()
  private(set) var unchanged = Samples()
  private(set) var changed = Samples()
  private(set) var compressed = Samples()

  /// Measures what reads the table without the exporter.
  mutating func measureReaders(_ table: borrowing KernelTable) throws {
    try bareRead.time { try table.read() }
    _ = try libiptc.time { try LibiptcWalk() }
    try save.time {
      try ChildProcess("iptables-legacy-save", "-c", "-t", "nat", output: .discarded)
        .waitForSuccess()
    }
  }

  /// Measures scrapes: with nothing changed, after a change, and compressed.
  mutating func measureScrapes(
    _ client: inout ScrapeClient, of ruleset: inout KernelRuleset, path: String
  ) throws {
    let plain = try unchanged.time { try client.get(path) }
    try ScrapeCheck.hasAllServices(plain, services: ruleset.services)
    try ruleset.changeOneService()
    _ = try changed.time { try client.get(path) }
    _ = try compressed.time { try client.get(path, compressed: true) }
  }

  /// Forgets the rounds so far.
  mutating func removeAll() {
    self = LegacyMeasurement()
  }
}
