internal import Churn
internal import KubeProxy
internal import Netfilter

/// What differs in the order of the chains that dispatch to service ports.
extension FamilyComparison {
  /// What moved, chain by chain.
  func dispatchMoves(_ tally: ChangeTally) -> [DifferenceFinding] {
    tally.dispatchMoves.map { moves in
      let verdict =
        moves.isOrderOnly
        ? "order only, no effect on traffic"
        : "the order may matter, for not all rules that changed it exclude each other"
      return finding(
        moves.isOrderOnly ? .orderOnly : .dispatchOrder, moves.isOrderOnly ? .none : .traffic,
        "\(moves.text) moved in \(text(moves.place)): \(verdict)", moves.place)
    }
  }

  /// Whether NodePorts still come last.
  var nodePortJump: [DifferenceFinding] {
    guard let table = tables.first(where: { $0.name == .nat }),
      let change = table.difference.changedChains.first(where: { $0.name == .kubeServices }),
      change.oldIndex != nil, change.newIndex != nil
    else { return [] }
    let old = NodePortJump(table.oldRules(of: change))
    let new = NodePortJump(table.newRules(of: change))
    if old == new { return [] }
    let place = ChangeTally.Place(table: .nat, chain: .kubeServices)
    let sentence =
      switch new {
      case .missing: "nothing leads from \(text(place)) to KUBE-NODEPORTS any more"
      case .last: "the jump to KUBE-NODEPORTS is the last rule of \(text(place)) now"
      case .notLast:
        "the jump to KUBE-NODEPORTS is not the last rule of \(text(place)): it comes before services"
      }
    return [finding(.nodePortJump, .traffic, sentence, place)]
  }
}

/// Where KUBE-SERVICES leads to KUBE-NODEPORTS: in its last rule, or its last few where only some of the
/// node's addresses have NodePorts.
private enum NodePortJump {
  case missing, last, notLast

  init(_ rules: RuleList) {
    let isJump = rules.indices.map { rules.outcome(at: $0) == .chain(.kubeNodePorts) }
    let jumps = isJump.drop { !$0 }
    self = jumps.isEmpty ? .missing : jumps.allSatisfy { $0 } ? .last : .notLast
  }
}

/// What differs in chains and rules that belong to no service port.
extension FamilyComparison {
  func chainFindings(_ tally: ChangeTally, _ renames: [Rename]) -> [DifferenceFinding] {
    let changed = Dictionary(
      grouping: tally.chains.filter { $0.counts != .zero }, by: \.placement.scope)
    let system = changed[.system, default: []].map {
      finding(
        .systemChainsChanged, .unknown,
        "the rules of \(text($0.place)) changed: \($0.counts.text)", $0.place)
    }
    let dispatch = changed[.dispatch, default: []].map {
      finding(
        .dispatchChanged, .unknown,
        "rules of no service changed in \(text($0.place)): \($0.counts.text)", $0.place)
    }
    let unowned = changed[.service].map {
      finding(
        .unownedChainsChanged, .unknown,
        "rules changed in service chains of no known service\(Wording.suffix(family)): "
          + ChangeTally.text($0))
    }
    return system + dispatch + [unowned].compactMap(\.self)
      + others(changed[.other, default: []], renames) + emptyChains(tally)
  }

  /// One sentence for each agent and table.
  private func others(
    _ changed: [ChangeTally.ChainTally], _ renames: [Rename]
  ) -> [DifferenceFinding] {
    let chains = Dictionary(grouping: changed) {
      OtherKey(kind: $0.placement.kind, table: $0.place.table)
    }
    let renames = Dictionary(grouping: renames) { OtherKey(kind: $0.kind, table: $0.table) }
    let keys = Set(chains.keys).union(renames.keys)
    return keys.sorted { ($0.table, $0.kind) < ($1.table, $1.kind) }.map { key in
      let renamed = renames[key].map { self.renamed($0, key) }
      guard let chains = chains[key] else {
        return finding(.chainsRenamed, .none, renamed ?? "", table: key.table)
      }
      let counts = ChangeTally.text(chains)
      let place = "\(key.table.rawValue)\(Wording.suffix(family))"
      return finding(
        .otherChainsChanged, .unknown,
        renamed.map { "\($0); other changes of its rules: \(counts)" }
          ?? "\(Wording.owner(key.kind)) rules changed in \(place): \(counts)", table: key.table)
    }
  }

  private func renamed(_ renames: [Rename], _ key: OtherKey) -> String {
    let names = Wording.list(renames.map { "\($0.from) is \($0.to) now" }, atMost: 1)
    let chains = Wording.count(renames.count, "chain")
    let (noun, rules) = renames.count == 1 ? ("a new name", "it") : ("new names", "them")
    return "\(chains)\(Wording.ofOwner(key.kind)) got \(noun) in \(key.table.rawValue)"
      + "\(Wording.suffix(family)), with the same rules in \(rules) (\(names))"
  }

  private struct OtherKey: Hashable {
    let kind: String
    let table: TableName
  }

  private func emptyChains(_ tally: ChangeTally) -> [DifferenceFinding] {
    [(Change.added, "came"), (.removed, "went")].compactMap { change, verb in
      let chains = tally.chains.filter { $0.emptyChain == change }
      if chains.isEmpty { return nil }
      let names = Wording.list(chains.map { "\($0.place.table.rawValue)'s \($0.place.chain)" })
      return finding(
        .emptyChainsChanged, .none,
        "\(Wording.count(chains.count, "chain")) without rules "
          + "\(verb)\(Wording.suffix(family)): \(names)")
    }
  }

  private func text(_ place: ChangeTally.Place) -> String {
    Wording.place(place.chain, place.table, family)
  }
}
