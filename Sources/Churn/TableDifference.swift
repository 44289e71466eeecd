public import Netfilter

/// What changed in a table between two readings, chain by chain.
///
/// Chains are the same where their names are; their order means nothing. A policy is no rule: where
/// only policies of built-in chains differ, the difference is empty although the contents are not
/// equal.
public struct TableDifference: Sendable {
  /// The chains that differ: those of the new content in its order, then those that are gone in the
  /// order of the old.
  public let changedChains: [ChangedChain]

  private let old: TableContent
  private let new: TableContent
  /// For each chain of the new content, its index in the old; -1 where it is new. Empty where the
  /// contents are one object.
  private let formerIndices: [Int32]

  /// Compares two contents of one table; the same object is equal at once.
  ///
  /// Chains that share their rules' storage cost a comparison of names. A chain's name is taken to
  /// be its only one in the table, as it is in the kernel.
  public init(from old: TableContent, to new: TableContent) {
    self.old = old
    self.new = new
    if old === new {
      changedChains = []
      formerIndices = []
      return
    }
    var changes: [ChangedChain] = []
    var formerIndices: [Int32] = []
    formerIndices.reserveCapacity(new.chains.count)
    var pairing = ChainPairing(of: old.chains)
    // By index: a copy of each chain would touch its rules' storage.
    let oldChains = old.chains
    let newChains = new.chains
    for newIndex in newChains.indices {
      let oldIndex = pairing.take(newChains[newIndex].name)
      formerIndices.append(oldIndex.map(Int32.init) ?? -1)
      if let oldIndex, oldChains[oldIndex].rules == newChains[newIndex].rules {
        continue
      }
      let chain = newChains[newIndex]
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
    self.formerIndices = formerIndices
  }

  /// Whether no chain was added or removed and no chain's rules differ.
  public var isEmpty: Bool { changedChains.isEmpty }

  /// Calls `body` for all rules that both contents hold, each once, chain after chain of the new
  /// content: with the chain's index there, and a run of rules by their positions counted over all
  /// chains.
  public func forEachCommonRun(_ body: (_ chain: Int, _ run: CommonRun) -> Void) {
    var changed = changedChains[...]
    for index in new.chains.indices {
      let start = new.firstRules[index]
      let count = new.firstRules[index + 1] - start
      let formerIndex = formerIndices.isEmpty ? index : Int(formerIndices[index])
      let difference = changed.first?.newIndex == index ? changed.removeFirst().difference : nil
      guard formerIndex >= 0, count > 0 else { continue }
      let formerStart = old.firstRules[formerIndex]
      if let difference {
        difference.forEachCommonRun(
          oldCount: old.firstRules[formerIndex + 1] - formerStart, newCount: count
        ) { body(index, $0.shifted(from: formerStart, to: start)) }
      } else {
        body(index, CommonRun(from: formerStart, to: start, count: count))
      }
    }
  }
}
