internal import Churn
internal import KubeProxy
internal import Netfilter

/// What differs in chains and rules that belong to no service port.
struct ChainFindings {
  private let comparison: FamilyComparison
  private let tally: ChangeTally

  init(_ comparison: FamilyComparison, _ tally: ChangeTally) {
    self.comparison = comparison
    self.tally = tally
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

  private func others(_ changed: [ChangeTally.ChainTally]) -> [Finding] {
    let chains = Dictionary(grouping: changed.filter { $0.scope == .other }) { chain in
      OtherKey(kind: chain.kind, table: chain.place.table)
    }
    return chains.sorted { $0.key < $1.key }.map { key, chains in
      let owner = key.kind == "other" ? "other" : "\(key.kind)'s"
      let names = Wording.list(chains.map { "\($0.place.chain)" })
      return Finding(
        .otherChainsChanged, .unknown,
        "\(owner) chains changed in \(key.table.rawValue)\(Wording.suffix(comparison.family)): "
          + "\(Self.sum(chains).text) (\(names))", family: comparison.family, table: key.table)
    }
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
