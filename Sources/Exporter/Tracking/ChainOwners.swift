internal import Churn
internal import KubeProxy
internal import Netfilter

/// Tells whose the rules of a chain are that changed between two readings. All who count or show changes
/// ask it, so that they agree.
struct ChainOwners {
  private let change: ChangedChain
  private let old: ChurnLedger.Side
  private let new: ChurnLedger.Side

  /// A service port of one of the two readings.
  enum Owner {
    /// The index in the new reading's map.
    case new(Int)
    /// The index in the old reading's map.
    case old(Int)
  }

  init(of change: ChangedChain, from old: ChurnLedger.Side, to new: ChurnLedger.Side) {
    self.change = change
    self.old = old
    self.new = new
  }

  /// Whose a removed rule was; nil where it belonged to no service port.
  func owner(ofRemoved position: Int) -> Owner? {
    old.ownerIndex(chain: change.oldIndex, position).map(Owner.old)
  }

  /// Whose an added rule is.
  func owner(ofAdded position: Int) -> Owner? {
    new.ownerIndex(chain: change.newIndex, position).map(Owner.new)
  }

  /// Whose a moved rule is, or, where it belongs to nobody any more, whose it was.
  func owner(ofMoved move: ChainDifference.Move) -> Owner? {
    owner(ofAdded: move.to) ?? owner(ofRemoved: move.from)
  }

  func port(_ owner: Owner) -> ServicePort {
    switch owner {
    case .new(let index): new.map.services[index].port
    case .old(let index): old.map.services[index].port
    }
  }
}
