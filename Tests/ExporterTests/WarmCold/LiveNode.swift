import IPTablesSource
import Netfilter
import TestSupport

/// A network namespace whose tables change at random, in one of the kernel's backends.
struct LiveNode {
  private var random: SplitMix64
  private let backend: Backend

  init(seed: UInt64, _ backend: Backend) {
    random = SplitMix64(seed: seed)
    self.backend = backend
  }

  /// The readings of each step by a reader that saw all of them, and by a new one.
  ///
  /// - Parameter end: when no more steps are begun.
  mutating func walk(
    steps: Int, until end: ContinuousClock.Instant
  ) throws -> [(warm: RulesetReading, cold: RulesetReading)] {
    let tables = Set(TableName.allCases)
    return try withNetworkNamespace {
      let source = backend.source(tables: tables)
      var readings: [(warm: RulesetReading, cold: RulesetReading)] = []
      for _ in 0..<steps where readings.isEmpty || ContinuousClock.now < end {
        for family in IPFamily.allCases where Bool.random(using: &random) { try change(family) }
        readings.append((source.read(.all), backend.source(tables: tables).read(.all)))
      }
      return readings
    }
  }

  private mutating func change(_ family: IPFamily) throws {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: try clear(family)
    case 1...3:
      let dump = Fixture.all.filter { $0.family == family }.randomElement(using: &random)
      if let dump { try backend.load(dump.bytes(), family) }
    default:
      let count = [0, 3, 300, 600, 1_100].randomElement(using: &random) ?? 0
      try backend.load(ServicesText.ruleset(family, count: count).bytes, family)
    }
  }

  /// Takes all of a family's rules away: in nf_tables its tables, too.
  private func clear(_ family: IPFamily) throws {
    if backend == .nft {
      let name = family == .ipv4 ? "ip" : "ip6"
      let script =
        "table \(name) nat\ndelete table \(name) nat\ntable \(name) filter\n"
        + "delete table \(name) filter\n"
      try Command.run("nft", "-f", "-", input: Array(script.utf8))
    } else {
      try backend.load(RulesetText(family, nat: "", filter: "").bytes, family)
    }
  }
}
