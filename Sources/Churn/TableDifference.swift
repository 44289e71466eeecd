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
  private let pairing: ChainPairing

  /// Compares two contents of one table; the same object is equal at once.
  public init(from old: TableContent, to new: TableContent) {
    self.init(from: old, to: new, ChainPairing(from: old, to: new))
  }

  /// Compares two contents of one table whose chains are paired already.
  public init(from old: TableContent, to new: TableContent, _ pairing: ChainPairing) {
    self.old = old
    self.new = new
    self.pairing = pairing
    let changes = pairing.changed.map { position in
      let former = pairing.former(of: position)
      return ChangedChain(
        name: new.chains[position].name, oldIndex: former, newIndex: position,
        difference: ChainDifference(
          from: former.map { old.chains[$0].rules } ?? RuleList(), to: new.chains[position].rules))
    }
    let removals = pairing.removed.map { position in
      ChangedChain(
        name: old.chains[position].name, oldIndex: position, newIndex: nil,
        difference: ChainDifference(from: old.chains[position].rules, to: RuleList()))
    }
    changedChains = changes + removals
  }

  /// The chain as it is, or as it last was; built in if it is or was.
  public func chain(of change: ChangedChain) -> Chain {
    let former = change.oldIndex.map { old.chains[$0] }
    let present = change.newIndex.map { new.chains[$0] }
    return (present ?? former ?? Chain(name: change.name))
      .withPolicy(present?.policy ?? former?.policy)
  }

  /// Whether it is the difference of these two objects.
  public func isFrom(_ old: TableContent, to new: TableContent) -> Bool {
    self.old === old && self.new === new
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
      let difference = changed.first?.newIndex == index ? changed.removeFirst().difference : nil
      guard let formerIndex = pairing.former(of: index), count > 0 else { continue }
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

/// A chain that appeared, disappeared, or holds other rules, or its rules in another order.
public struct ChangedChain: Sendable, Hashable {
  public let name: ChainName
  /// The chain's index in the old content; nil where it is new.
  public let oldIndex: Int?
  /// The chain's index in the new content; nil where it is gone.
  public let newIndex: Int?
  /// What changed among its rules: all are added where the chain is new, removed where it is gone.
  ///
  /// Empty for an empty chain that appears or disappears.
  public let difference: ChainDifference

  /// What happened to the chain itself: added or removed; nil where both contents have it.
  public var chainChange: Change? {
    if oldIndex == nil { return .added }
    return newIndex == nil ? .removed : nil
  }
}
