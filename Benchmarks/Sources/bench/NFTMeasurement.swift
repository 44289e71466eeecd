internal import Harness

/// What is measured of one exporter beside `iptables-nft-save`, each round doing one of each.
struct NFTMeasurement {
  private(set) var save = Samples()
  private(set) var unchanged = Samples()
  private(set) var serviceChanged = Samples()
  private(set) var syncChanged = Samples()

  /// Measures what reads nat without the exporter.
  mutating func measureSave() throws {
    try save.time {
      try ChildProcess("iptables-nft-save", "-c", "-t", "nat", output: .discarded)
        .waitForSuccess()
    }
  }

  /// Measures scrapes: with nothing changed, and after each kind of change.
  mutating func measureScrapes(
    _ client: inout ScrapeClient, of ruleset: inout KernelRuleset, path: String
  ) throws {
    let plain = try unchanged.time { try client.get(path) }
    try ScrapeCheck.hasAllServices(plain, services: ruleset.services)
    try ruleset.changeOneService(.service)
    let changed = try serviceChanged.time { try client.get(path) }
    try ScrapeCheck.showsChange(changed, after: plain)
    try ruleset.changeOneService(.sync)
    let synced = try syncChanged.time { try client.get(path) }
    try ScrapeCheck.showsChange(synced, after: changed)
  }

  /// Forgets the rounds so far.
  mutating func removeAll() {
    self = NFTMeasurement()
  }
}
