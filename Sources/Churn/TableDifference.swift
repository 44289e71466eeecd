public import Netfilter

/// What changed in a table between two readings, chain by chain.
///
/// Chains are the same where their names are; their order means nothing. A policy is no rule: where
/// only policies of built-in chains differ, the difference is empty although the contents are not
/// equal.
public struct TableDifference: Sendable, Hashable {
  /// The chains that differ: those of the new content in its order, then those that are gone in the
  /// order of the old.
  public let changedChains: [ChangedChain]

  /// Compares two contents of one table; the same object is equal at once.
  ///
  /// Chains that share their rules' storage cost a comparison of names. A chain's name is taken to
  /// be its only one in the table, as it is in the kernel.
  public init(from old: TableContent, to new: TableContent) {
    if old === new {
      changedChains = []
      return
    }
    var changes: [ChangedChain] = []
    var pairing = ChainPairing(of: old.chains)
    for (newIndex, chain) in new.chains.enumerated() {
      let oldIndex = pairing.take(chain.name)
      if let oldIndex, old.chains[oldIndex].rules == chain.rules { continue }
      let oldRules = oldIndex.map { old.chains[$0].rules } ?? RuleList()
      changes.append(
        ChangedChain(
          name: chain.name, oldIndex: oldIndex, newIndex: newIndex,
          difference: ChainDifference(from: oldRules, to: chain.rules)))
    }
    for oldIndex in pairing.remaining {
      let chain = old.chains[oldIndex]
      changes.append(
        ChangedChain(
          name: chain.name, oldIndex: oldIndex, newIndex: nil,
          difference: ChainDifference(from: chain.rules, to: RuleList())))
    }
    changedChains = changes
  }

  /// Whether no chain was added or removed and no chain's rules differ.
  public var isEmpty: Bool { changedChains.isEmpty }
}
