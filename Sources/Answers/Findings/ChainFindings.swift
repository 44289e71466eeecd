internal import Churn
internal import KubeProxy
internal import Netfilter

/// What differs in chains and rules that belong to no service port, and in the order of those that dispatch.
extension FamilyComparison {
  func chainFindings(_ tally: ChangeTally, _ renames: [Rename]) -> [DifferenceFinding] {
    let changed = Dictionary(grouping: tally.chains, by: \.placement.scope)
    let system = changed[.system, default: []].map {
      let words = "the rules of \(text($0.place)) changed: \($0.counts.text)"
      return finding(.systemChainsChanged, words, $0.place)
    }
    let dispatch = changed[.dispatch, default: []].map {
      let words = "rules of no service changed in \(text($0.place)): \($0.counts.text)"
      return finding(.dispatchChanged, words, $0.place)
    }
    let unowned = changed[.service].map {
      finding(
        .unownedChainsChanged,
        "rules changed in service chains of no known service\(Wording.suffix(family)): "
          + ChangeTally.text($0))
    }
    return nodePortJump + system + dispatch + [unowned, comments(tally)].compactMap(\.self)
      + others(changed[.other, default: []], renames) + emptyChains(tally)
  }

  /// Whether NodePorts still come last.
  private var nodePortJump: [DifferenceFinding] {
    guard let table = tables.first(where: { $0.name == .nat }),
      let change = table.difference.changedChains.first(where: { $0.name == .kubeServices }),
      change.chainChange == nil
    else { return [] }
    let place = ChangeTally.Place(table: .nat, chain: .kubeServices)
    func sentence(_ rules: RuleList) -> String {
      let jumps = rules.indices.map { rules.chain(at: $0) == .kubeNodePorts }
        .drop { !$0 }
      if jumps.isEmpty { return "nothing leads from \(text(place)) to KUBE-NODEPORTS any more" }
      // Several are the last together where only some of the node's addresses have NodePorts.
      return "the jump to KUBE-NODEPORTS is "
        + (jumps.allSatisfy { $0 }
          ? "the last rule of \(text(place)) now"
          : "not the last rule of \(text(place)): it comes before services")
    }
    let now = sentence(table.newRules(of: change))
    return now == sentence(table.oldRules(of: change)) ? [] : [finding(.nodePortJump, now, place)]
  }

  /// One sentence for each agent and table.
  private func others(
    _ changed: [ChangeTally.ChainTally], _ renames: [Rename]
  ) -> [DifferenceFinding] {
    TableName.allCases.sorted().flatMap { table in
      let chains = Dictionary(grouping: changed.filter { $0.place.table == table }) {
        $0.placement.kind
      }
      let renames = Dictionary(grouping: renames.filter { $0.table == table }, by: \.kind)
      return Set(chains.keys).union(renames.keys).sorted().map { kind in
        let renamed = renames[kind].map { self.renamed($0, kind, table) }
        guard let counts = chains[kind].map(ChangeTally.text) else {
          return finding(.chainsRenamed, renamed ?? "", table: table)
        }
        return finding(
          .otherChainsChanged,
          renamed.map { "\($0); other changes of its rules: \(counts)" }
            ?? "\(Wording.owner(kind)) rules changed in \(table.rawValue)"
            + "\(Wording.suffix(family)): \(counts)", table: table)
      }
    }
  }

  private func renamed(_ renames: [Rename], _ kind: String, _ table: TableName) -> String {
    let names = Wording.list(renames.map { "\($0.from) is \($0.to) now" }, atMost: 1)
    let chains = Wording.count(renames.count, "chain")
    let (noun, rules) = renames.count == 1 ? ("a new name", "it") : ("new names", "them")
    return "\(chains)\(Wording.ofOwner(kind)) got \(noun) in \(table.rawValue)"
      + "\(Wording.suffix(family)), with the same rules in \(rules) (\(names))"
  }

  private func comments(_ tally: ChangeTally) -> DifferenceFinding? {
    let chains = tally.commentedChains.map { chain in
      Wording.place(chain.place.chain, chain.place.table, family, isBuiltIn: chain.isBuiltIn)
    }
    if chains.isEmpty { return nil }
    return finding(
      .commentsOnly,
      "only comments differ in the rules of \(Wording.list(chains)): no effect on traffic")
  }

  private func emptyChains(_ tally: ChangeTally) -> [DifferenceFinding] {
    [(Change.added, "came"), (.removed, "went")].compactMap { change, verb in
      guard let chains = tally.emptyChains[change] else { return nil }
      let names = Wording.list(chains.map { "\($0.table.rawValue)'s \($0.chain)" })
      return finding(
        .emptyChainsChanged,
        "\(Wording.count(chains.count, "chain")) without rules "
          + "\(verb)\(Wording.suffix(family)): \(names)")
    }
  }

  /// What moved in chains that dispatch, chain by chain.
  func dispatchMoves(_ tally: ChangeTally) -> [DifferenceFinding] {
    tally.dispatchMoves.map { moves in
      finding(
        moves.isOrderOnly ? .orderOnly : .dispatchOrder,
        "\(moves.text) moved in \(text(moves.place)): "
          + (moves.isOrderOnly
            ? "order only, no effect on traffic"
            : "the order may matter, for not all rules that changed it exclude each other"),
        moves.place)
    }
  }

  private func text(_ place: ChangeTally.Place) -> String {
    Wording.place(place.chain, place.table, family)
  }
}

/// What differs in the built-in chains, where the order decides who sees a packet first.
extension FamilyComparison {
  var hookFindings: [DifferenceFinding] {
    tables.flatMap { table in
      existence(of: table)
        + table.policies.map { policy in
          let place = Wording.place(policy.chain, table.name, family, isBuiltIn: true)
          return finding(
            .policyChanged,
            "the policy of \(place) is \(policy.new.name) now; it was \(policy.old.name)",
            ChangeTally.Place(table: table.name, chain: policy.chain))
        }
        + table.transition.changedRules.filter(\.chain.isBuiltIn)
        .flatMap { hookFindings($0, table) }
    }
  }

  /// Tables that are known not to have existed, or not to exist any more.
  private func existence(of table: TableComparison) -> [DifferenceFinding] {
    let (old, new) = (table.old.content.chains.isEmpty, table.new.content.chains.isEmpty)
    if old == new { return [] }
    let name = "the table \(table.name.rawValue)\(Wording.suffix(family))"
    return [
      old
        ? finding(.tableAdded, "\(name) exists now", table: table.name)
        : finding(.tableRemoved, "\(name) is gone", table: table.name)
    ]
  }

  private func hookFindings(
    _ rules: ChangedRules, _ table: TableComparison
  ) -> [DifferenceFinding] {
    let (change, places) = (rules.change, rules.places)
    let place = Wording.place(change.name, table.name, family, isBuiltIn: true)
    var findings: [DifferenceFinding] = []
    func add(_ kind: DifferenceFinding.Kind, _ text: String) {
      findings.append(
        finding(kind, text, ChangeTally.Place(table: table.name, chain: change.name)))
    }
    // The same rule with another comment is the same to packets.
    let difference = table.differenceWithoutComments(change)
    var rest = ChangeCounts.zero
    difference.forEachEvent { event in
      if places[event]?.scope == .hook { rest[event.change] += 1 }
    }
    let (old, new) = (table.oldRules(of: change), table.newRules(of: change))
    switch (old.firstJump(to: .kubeServices), new.firstJump(to: .kubeServices)) {
    case (nil, nil): break
    case (.some, nil):
      rest.removed -= 1
      add(.hookJumpRemoved, "kube-proxy's jump is gone from \(place)")
    case (nil, .some):
      rest.added -= 1
      add(.hookJumpAdded, "kube-proxy's jump stands in \(place) now")
    case (let oldJump?, let newJump?):
      // The rules before the jump that are new, and those that stood behind it.
      let added = difference.added.count { $0 < newJump }
      let moved = difference.commonRules(old, new)
        .count { $0.to < newJump && $0.from > oldJump }
      rest.added -= UInt64(added)
      rest.moved = moved > 0 ? 0 : rest.moved
      let count = added + moved
      if count == 0 { break }
      let (rules, them) = count == 1 ? ("a rule was", "it") : ("\(count) rules were", "them")
      add(
        .beforeHookJump,
        "\(rules) put before kube-proxy's jump in \(place): packets meet \(them) first")
    }
    if rest != .zero { add(.hookChanged, "the rules of \(place) changed: \(rest.text)") }
    return findings
  }
}
