public import Netfilter

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

  init(name: ChainName, oldIndex: Int?, newIndex: Int?, difference: ChainDifference) {
    self.name = name
    self.oldIndex = oldIndex
    self.newIndex = newIndex
    self.difference = difference
  }
}
