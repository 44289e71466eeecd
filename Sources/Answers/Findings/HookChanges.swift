internal import Churn
internal import KubeProxy
internal import Netfilter

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
