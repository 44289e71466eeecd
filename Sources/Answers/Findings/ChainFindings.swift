internal import Churn
internal import KubeProxy
internal import Netfilter

/// What differs in chains and rules that belong to no service port.
struct ChainFindings {
  private let comparison: FamilyComparison
  private let tally: ChangeTally
  private let renames: [FamilyComparison.Rename]

  init(
    _ comparison: FamilyComparison, _ tally: ChangeTally, _ renames: [FamilyComparison.Rename]
  ) {
    self.comparison = comparison
    self.tally = tally
    self.renames = renames
  }

  var findings: [Finding] {
    let changed = tally.chains.filter { $0.counts != .zero && $0.scope != .hook }
    return changed.filter { $0.scope == .system }.map(system)
      + changed.filter { $0.scope == .dispatch }.map(dispatch)
      + unowned(changed.filter { $0.scope == .service }) + others(changed) + emptyChains
  }

  private func system(_ chain: ChangeTally.ChainTally) -> Finding {
    finding(.systemChainsChanged, .unknown, chain, "the rules of \(place(chain)) changed")
  }

  private func dispatch(_ chain: ChangeTally.ChainTally) -> Finding {
    finding(
      .dispatchChanged, .unknown, chain, "rules of no service changed in \(place(chain))")
  }

  private func place(_ chain: ChangeTally.ChainTally) -> String {
    Wording.place(chain.place.chain, chain.place.table, comparison.family)
  }

  private func finding(
    _ kind: Finding.Kind, _ impact: Finding.Impact, _ chain: ChangeTally.ChainTally,
    _ text: String
  ) -> Finding {
    Finding(
      kind, impact, "\(text): \(chain.counts.text)", family: comparison.family,
      table: chain.place.table, chain: chain.place.chain)
  }

  private func unowned(_ chains: [ChangeTally.ChainTally]) -> [Finding] {
    if chains.isEmpty { return [] }
    let names = Wording.list(chains.map { "\($0.place.chain)" })
    return [
      Finding(
        .unownedChainsChanged, .unknown,
        "rules changed in service chains of no known service\(Wording.suffix(comparison.family)): "
          + "\(Self.sum(chains).text) (\(names))", family: comparison.family)
    ]
  }

  /// One sentence for each agent and table.
  private func others(_ changed: [ChangeTally.ChainTally]) -> [Finding] {
    let chains = Dictionary(grouping: changed.filter { $0.scope == .other }) { chain in
      OtherKey(kind: chain.kind, table: chain.place.table)
    }
    let renames = Dictionary(grouping: renames) { OtherKey(kind: $0.kind, table: $0.table) }
    return Set(chains.keys).union(renames.keys).sorted().map { key in
      let renamed = renames[key].map { self.renamed($0, key) }
      guard let chains = chains[key] else {
        return Finding(
          .chainsRenamed, .none, renamed ?? "", family: comparison.family, table: key.table)
      }
      let names = Wording.list(chains.map { "\($0.place.chain)" })
      let counts = "\(Self.sum(chains).text) (\(names))"
      let place = "\(key.table.rawValue)\(Wording.suffix(comparison.family))"
      let text =
        renamed.map { "\($0); other changes of its rules: \(counts)" }
        ?? "\(Wording.owner(key.kind)) rules changed in \(place): \(counts)"
      return Finding(
        .otherChainsChanged, .unknown, text, family: comparison.family, table: key.table)
    }
  }

  private func renamed(_ renames: [FamilyComparison.Rename], _ key: OtherKey) -> String {
    let names = Wording.list(renames.map { "\($0.from) is \($0.to) now" }, atMost: 1)
    let chains = Wording.count(renames.count, "chain")
    let (noun, rules) = renames.count == 1 ? ("a new name", "it") : ("new names", "them")
    return "\(chains)\(Wording.ofOwner(key.kind)) got \(noun) in \(key.table.rawValue)"
      + "\(Wording.suffix(comparison.family)), with the same rules in \(rules) (\(names))"
  }

  private struct OtherKey: Hashable, Comparable {
    let kind: String
    let table: TableName

    static func < (left: Self, right: Self) -> Bool {
      (left.table, left.kind) < (right.table, right.kind)
    }
  }

  private static func sum(_ chains: [ChangeTally.ChainTally]) -> ChangeCounts {
    chains.reduce(into: .zero) { $0 += $1.counts }
  }

  private var emptyChains: [Finding] {
    [(Change.added, "came"), (.removed, "went")].compactMap { change, verb in
      let chains = tally.chains.filter { $0.emptyChain == change }
      if chains.isEmpty { return nil }
      let names = Wording.list(chains.map { "\($0.place.table.rawValue)'s \($0.place.chain)" })
      return Finding(
        .emptyChainsChanged, .none,
        "\(Wording.count(chains.count, "chain")) without rules "
          + "\(verb)\(Wording.suffix(comparison.family)): \(names)", family: comparison.family)
    }
  }
}
