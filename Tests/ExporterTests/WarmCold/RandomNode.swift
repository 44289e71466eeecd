import IPTablesSource
import Netfilter
import TestSupport

/// A node whose rules change at random: families, tables and service ports come and go, the order of
/// rules changes, and the backend does. What doesn't change is the same object, as a reader has it.
struct RandomNode {
  private var random: SplitMix64
  private var families: [IPFamily: Family] = [:]

  private struct Family {
    /// What the next states are made from.
    var whole: FamilySnapshot
    var shown: FamilySnapshot
  }

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// The node's next reading.
  mutating func next() throws -> RulesetReading {
    for family in IPFamily.allCases where Bool.random(using: &random) { try change(family) }
    return RulesetReading(
      families: families.values.map { FamilyReading($0.shown) }.sorted {
        ($0.backend, $0.family) < ($1.backend, $1.family)
      })
  }

  private mutating func change(_ family: IPFamily) throws {
    guard let current = families[family] else {
      try replace(family)
      return
    }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: families[family] = nil
    case 1...3: try replace(family)
    case 4: show(current.whole.tables.filter { _ in Bool.random(using: &random) }, of: family)
    case 5: show(current.whole.tables, of: family)
    case 6: shuffle(family)
    default:
      let backend: Backend = current.shown.backend == .legacy ? .nft : .legacy
      families[family] = Family(
        whole: current.whole.with(backend: backend), shown: current.shown.with(backend: backend))
    }
  }

  /// Any dump, or service ports of 1 to 3 blocks.
  private mutating func replace(_ family: IPFamily) throws {
    guard
      let snapshot = try (Bool.random(using: &random) ? Self.dumps : Self.generated).get()[family]?
        .randomElement(using: &random)
    else { return }
    let backend = families[family]?.shown.backend ?? .nft
    let whole = snapshot.with(backend: backend)
    families[family] = Family(whole: whole, shown: whole)
  }

  private mutating func show(_ tables: [TableSnapshot], of family: IPFamily) {
    guard let current = families[family] else { return }
    families[family]?.shown = FamilySnapshot(
      backend: current.shown.backend, family: family, tables: tables,
      absentTables: current.whole.tables.map(\.name).filter { name in
        !tables.contains { $0.name == name }
      })
  }

  /// Puts the rules of nat's dispatch chain into another order, as each sync of kube-proxy does.
  private mutating func shuffle(_ family: IPFamily) {
    guard let current = families[family] else { return }
    let tables = current.whole.tables.map { table in
      guard table.name == .nat else { return table }
      let chains = table.content.chains.map { chain in
        chain.name == "KUBE-SERVICES"
          ? Chain(name: chain.name, rules: RuleList(chain.rules.shuffled(using: &random))) : chain
      }
      return TableSnapshot(
        content: TableContent(family: family, name: .nat, chains: chains),
        counters: table.counters, policyCounters: table.policyCounters, size: table.size)
    }
    let whole = FamilySnapshot(backend: current.shown.backend, family: family, tables: tables)
    families[family] = Family(whole: whole, shown: whole)
  }

  private static let dumps = snapshots { family in
    try Fixture.all.filter { $0.family == family }.map { try $0.snapshot() }
  }

  private static let generated = snapshots { family in
    try [2, 40, 511, 520, 1_100].map { try ServicesText.ruleset(family, count: $0).snapshot() }
  }

  private static func snapshots(
    _ make: (IPFamily) throws -> [FamilySnapshot]
  ) -> Result<[IPFamily: [FamilySnapshot]], any Error> {
    Result { Dictionary(uniqueKeysWithValues: try IPFamily.allCases.map { ($0, try make($0)) }) }
  }
}
