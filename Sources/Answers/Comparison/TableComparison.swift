internal import Churn
internal import Netfilter

/// A table on both sides, and what differs.
struct TableComparison {
  struct PolicyChange {
    let chain: ChainName
    let old: Verdict
    let new: Verdict
  }

  let old: TableSnapshot
  let new: TableSnapshot
  let difference: TableDifference
  /// The built-in chains that both sides have, with another policy.
  let policies: [PolicyChange]

  var family: IPFamily { new.family }
  var name: TableName { new.name }

  init(from old: TableSnapshot, to new: TableSnapshot) {
    self.old = old
    self.new = new
    difference = TableDifference(from: old.content, to: new.content)
    var oldPolicies: [ChainName: Verdict] = [:]
    for chain in old.content.chains where chain.isBuiltIn { oldPolicies[chain.name] = chain.policy }
    policies = new.content.chains.compactMap { chain in
      guard let policy = chain.policy, let old = oldPolicies[chain.name], old != policy else {
        return nil
      }
      return PolicyChange(chain: chain.name, old: old, new: policy)
    }
  }

  /// The same comparison, as if the old side's chains had had their new names.
  func renaming(_ names: [ChainName: ChainName]) -> TableComparison {
    if names.isEmpty { return self }
    var chains = old.content.chains
    for index in difference.changedChains.compactMap(\.oldIndex) {
      let chain = chains[index]
      chains[index] = Chain(
        name: names[chain.name] ?? chain.name, policy: chain.policy,
        rules: chain.rules.renaming(names))
    }
    let content = TableContent(family: family, name: name, chains: chains)
    return TableComparison(
      from: TableSnapshot(
        content: content, counters: old.counters, policyCounters: old.policyCounters,
        size: old.size, handles: old.handles), to: new)
  }

  /// A chain's rules on the old side; none where it is new.
  func oldRules(of change: ChangedChain) -> RuleList {
    change.oldIndex.map { old.content.chains[$0].rules } ?? RuleList()
  }

  /// A chain's rules on the new side; none where it is gone.
  func newRules(of change: ChangedChain) -> RuleList {
    change.newIndex.map { new.content.chains[$0].rules } ?? RuleList()
  }

  /// The chain as it is, or as it last was; built in if it is or was.
  func chain(of change: ChangedChain) -> Chain? {
    let former = change.oldIndex.map { old.content.chains[$0] }
    let present = change.newIndex.map { new.content.chains[$0] }
    return (present ?? former)?.withPolicy(present?.policy ?? former?.policy)
  }
}
