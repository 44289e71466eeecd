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

  /// - Parameter difference: From the old content to the new; nil where it has to be found.
  public init(from old: Side, to new: Side, _ difference: TableDifference? = nil) {
    self.old = old
    self.new = new
    self.difference = difference ?? TableDifference(from: old.content, to: new.content)
  }

  public var family: IPFamily { new.content.family }
  public var table: TableName { new.content.name }

  /// The rules that changed in one of the chains that differ.
  public func changedRules(of change: ChangedChain) -> ChangedRules {
    ChangedRules(change: change, transition: self)
  }

  /// The chains that differ, with the rules that changed in each.
  public var changedRules: some Sequence<ChangedRules> {
    difference.changedChains.lazy.map(changedRules)
  }
}

/// The rules of a chain that changed: whose each is, and where it stands.
public struct ChangedRules: Sendable {
  public let change: ChangedChain
  fileprivate let transition: TableTransition

  /// A service port of one of the two sides, by its index in that side's map.
  public enum Owner: Sendable {
    case old(Int)
    case new(Int)
  }

  /// The rules' places. It looks through a built-in chain each time.
  public var places: ChangedPlacements {
    ChangedPlacements(
      from: change.oldIndex.map { transition.old.content.chains[$0] },
      to: change.newIndex.map { transition.new.content.chains[$0] })
  }

  /// The chain as it is, or as it last was; built in if it is or was.
  public var chain: Chain { transition.difference.chain(of: change) }

  /// The rule that an event is about.
  public func rule(of event: RuleEvent) -> Rule? {
    transition.new.rule(change.newIndex, event.newPosition)
      ?? transition.old.rule(change.oldIndex, event.oldPosition)
  }

  /// Whose the rule is, or, where it is gone or belongs to nobody any more, whose it was; nil for no service
  /// port.
  public func owner(of event: RuleEvent) -> Owner? {
    transition.new.owner(change.newIndex, event.newPosition).map(Owner.new)
      ?? transition.old.owner(change.oldIndex, event.oldPosition).map(Owner.old)
  }

  /// The same service port itself.
  public func servicePort(of event: RuleEvent) -> ServicePort? {
    switch owner(of: event) {
    case .old(let index): transition.old.map.services[index].port
    case .new(let index): transition.new.map.services[index].port
    case nil: nil
    }
  }
}

extension ChangedPlacements {
  /// Where the rule that an event is about stands, or stood.
  public subscript(event: RuleEvent) -> RulePlacement? {
    place(from: event.oldPosition, to: event.newPosition)
  }
}

extension TableTransition.Side {
  fileprivate func rule(_ chain: Int?, _ position: Int?) -> Rule? {
    guard let chain, let position else { return nil }
    return content.chains[chain].rules[position]
  }

  fileprivate func owner(_ chain: Int?, _ position: Int?) -> Int? {
    guard let chain, let position else { return nil }
    return map.owner(ofRule: position, ofChainAt: chain, in: content)
  }
}
