public import KubeProxy
public import Netfilter

/// A table at two readings, or in two files: what differs, and whose each rule was and is.
///
/// It is made once for each table that changed. Whoever counts, logs or shows changes takes it, so that
/// all agree.
public struct TableTransition: Sendable {
  /// A table, with the interpretation of its family.
  public struct Side: Sendable {
    public let content: TableContent
    public let map: ServiceMap

    public init(content: TableContent, map: ServiceMap) {
      self.content = content
      self.map = map
    }
  }

  public let old: Side
  public let new: Side
  public let difference: TableDifference

  /// - Parameter difference: From the old content to the new.
  public init(from old: Side, to new: Side, _ difference: TableDifference) {
    self.old = old
    self.new = new
    self.difference = difference
  }

  /// - Parameter pairing: Of the chains; nil where it has to be found.
  public init(from old: Side, to new: Side, _ pairing: ChainPairing? = nil) {
    let pairing = pairing ?? ChainPairing(from: old.content, to: new.content)
    self.init(
      from: old, to: new, TableDifference(from: old.content, to: new.content, pairing))
  }

  public var family: IPFamily { new.content.family }
  public var table: TableName { new.content.name }

  /// The rules that changed in one of the chains that differ.
  public func changedRules(of change: ChangedChain) -> ChangedRules {
    ChangedRules(change, in: self)
  }

  /// The chains that differ, with the rules that changed in each.
  public var changedRules: some Sequence<ChangedRules> {
    difference.changedChains.lazy.map(changedRules)
  }
}

/// The rules of a chain that changed: whose each is, and where it stands.
public struct ChangedRules: Sendable {
  public let change: ChangedChain
  private let transition: TableTransition

  /// A service port of one of the two sides, by its index in that side's map.
  public enum Owner: Sendable {
    case old(Int)
    case new(Int)
  }

  init(_ change: ChangedChain, in transition: TableTransition) {
    self.change = change
    self.transition = transition
  }

  /// Where the rules stand and stood. It looks through a built-in chain each time.
  public var places: ChangedPlacements {
    ChangedPlacements(
      from: change.oldIndex.map { transition.old.content.chains[$0] },
      to: change.newIndex.map { transition.new.content.chains[$0] })
  }

  /// The chain as it is, or as it last was; built in if it is or was.
  public var chain: Chain { transition.difference.chain(of: change) }

  /// The rule that was removed from a position.
  public func rule(removed position: Int) -> Rule? {
    change.oldIndex.map { transition.old.content.chains[$0].rules[position] }
  }

  /// The rule that was added at a position, or moved there.
  public func rule(added position: Int) -> Rule? {
    change.newIndex.map { transition.new.content.chains[$0].rules[position] }
  }

  /// Whose a removed rule was; nil where it belonged to no service port.
  public func owner(ofRemoved position: Int) -> Owner? {
    change.oldIndex.flatMap { transition.old.owner(ofRule: position, ofChainAt: $0) }
      .map(Owner.old)
  }

  /// Whose an added rule is.
  public func owner(ofAdded position: Int) -> Owner? {
    change.newIndex.flatMap { transition.new.owner(ofRule: position, ofChainAt: $0) }
      .map(Owner.new)
  }

  /// Whose a moved rule is, or, where it belongs to nobody any more, whose it was.
  public func owner(ofMoved move: ChainDifference.Move) -> Owner? {
    owner(ofAdded: move.to) ?? owner(ofRemoved: move.from)
  }

  public func port(_ owner: Owner) -> ServicePort {
    switch owner {
    case .old(let index): transition.old.map.services[index].port
    case .new(let index): transition.new.map.services[index].port
    }
  }

  /// Calls `body` for each rule that was removed, added or moved, in this order.
  public func forEach(_ body: (Change, Owner?) -> Void) {
    for position in change.difference.removed { body(.removed, owner(ofRemoved: position)) }
    for position in change.difference.added { body(.added, owner(ofAdded: position)) }
    for move in change.difference.moved { body(.moved, owner(ofMoved: move)) }
  }

  /// Calls `body` for each of the same rules, with where it stands.
  public func forEachPlace(_ body: (Change, RulePlacement?) -> Void) {
    let places = places
    for position in change.difference.removed { body(.removed, places.removed(position)) }
    for position in change.difference.added { body(.added, places.added(position)) }
    for move in change.difference.moved { body(.moved, places.moved(from: move.from, to: move.to)) }
  }
}

extension TableTransition.Side {
  fileprivate func owner(ofRule position: Int, ofChainAt chain: Int) -> Int? {
    map.owner(ofRule: position, ofChainAt: chain, in: content)
  }
}
