public import Netfilter

/// What must be done to a chain's old rules to make its new ones of them.
///
/// A rule is its content; equal rules of one chain are told apart by occurrence, the k-th of the old
/// list being the k-th of the new. Of the rules in both lists, the most that can be kept in order
/// stay, and the others are moved: so ``moved`` is the smallest number of rules to take out and put
/// in elsewhere. If several choices keep equally many, the rules that stand first in the new list stay.
public struct ChainDifference: Sendable, Hashable {
  /// A rule in both lists, by its position in the old one and the new one.
  public struct Move: Sendable, Hashable {
    public let from: Int
    public let to: Int

    public init(from: Int, to: Int) {
      self.from = from
      self.to = to
    }
  }

  /// The rules that are gone, as positions in the old list, ascending.
  public let removed: [Int]
  /// The rules that are new, as positions in the new list, ascending.
  public let added: [Int]
  /// The rules that were taken out and put in elsewhere, ascending by position in the new list.
  ///
  /// A rule that merely stands at another position because of rules before it is not among them.
  public let moved: [Move]

  /// Compares two versions of a chain in O(n log n) time.
  ///
  /// Lists that share their storage are equal at once. An empty list is one of a chain that doesn't
  /// exist: all rules of the other are added or removed.
  public init(from old: RuleList, to new: RuleList) {
    if old == new {
      (removed, added, moved) = ([], [], [])
      return
    }
    let matching = RuleMatching(from: old, to: new)
    let stays = LongestIncreasingSubsequence.membership(of: matching.common.map(\.from))
    moved = zip(matching.common, stays).filter { !$1 }.map(\.0)
    (removed, added) = (matching.removed, matching.added)
  }

  /// Whether the lists are equal.
  public var isEmpty: Bool { removed.isEmpty && added.isEmpty && moved.isEmpty }

  /// Calls `body` for each rule that was removed, added or moved, in this order.
  public func forEachEvent(_ body: (RuleEvent) -> Void) {
    for position in removed { body(.removed(from: position)) }
    for position in added { body(.added(at: position)) }
    for move in moved { body(RuleEvent(move)) }
  }
}

/// What happened to a rule of a chain; positions are counted from 0.
public enum RuleEvent: Sendable, Hashable {
  case removed(from: Int)
  case added(at: Int)
  case moved(from: Int, to: Int)

  public init(_ move: ChainDifference.Move) { self = .moved(from: move.from, to: move.to) }

  public var change: Change {
    switch self {
    case .removed: .removed
    case .added: .added
    case .moved: .moved
    }
  }

  /// Where the rule stood; nil where it is new.
  public var oldPosition: Int? {
    switch self {
    case .removed(let position), .moved(let position, _): position
    case .added: nil
    }
  }

  /// Where the rule stands; nil where it is gone.
  public var newPosition: Int? {
    switch self {
    case .added(let position), .moved(_, let position): position
    case .removed: nil
    }
  }
}

extension ChainDifference {
  /// Calls `body` for all rules that both lists hold, each once: first those that stayed, in runs and
  /// ascending, then those that were moved, one by one.
  ///
  /// It takes no look at the rules, only at what differs: O(k log k) for k differences.
  ///
  /// - Parameters:
  ///   - oldCount: The number of rules in the old list.
  ///   - newCount: The number of rules in the new list.
  public func forEachCommonRun(oldCount: Int, newCount: Int, _ body: (CommonRun) -> Void) {
    // What stayed is in both lists in the same order, so the k-th of it in one list is the k-th in the other.
    var leaving = (removed + moved.map(\.from)).sorted()[...]
    var arriving = (added + moved.map(\.to)).sorted()[...]
    var (from, to) = (0, 0)
    while true {
      while leaving.first == from {
        leaving.removeFirst()
        from += 1
      }
      while arriving.first == to {
        arriving.removeFirst()
        to += 1
      }
      let count = min((leaving.first ?? oldCount) - from, (arriving.first ?? newCount) - to)
      if count == 0 { break }
      body(CommonRun(from: from, to: to, count: count))
      from += count
      to += count
    }
    for move in moved { body(CommonRun(from: move.from, to: move.to, count: 1)) }
  }
}

/// Rules that both of two lists hold, one behind the other in each, and where they begin in the old list and
/// the new one.
public struct CommonRun: Sendable, Hashable {
  public let from: Int
  public let to: Int
  public let count: Int

  /// The run as it stands where each list begins at another position.
  func shifted(from oldStart: Int, to newStart: Int) -> CommonRun {
    CommonRun(from: oldStart + from, to: newStart + to, count: count)
  }
}

/// What can happen to a rule between two readings; the raw value is the label value of the metrics.
public enum Change: String, Sendable, Hashable, CaseIterable {
  /// In the later reading only.
  case added
  /// In the earlier reading only.
  case removed
  /// In both, at a place that its neighbours' order doesn't account for.
  case moved
}

/// How many rules (or chains) were added, removed and moved.
public struct ChangeCounts: Sendable, Hashable {
  public var added: UInt64
  public var removed: UInt64
  public var moved: UInt64

  public init(added: UInt64 = 0, removed: UInt64 = 0, moved: UInt64 = 0) {
    self.added = added
    self.removed = removed
    self.moved = moved
  }

  /// Nothing changed.
  public static let zero = ChangeCounts()

  /// What happened to the rules of a chain.
  public init(_ difference: ChainDifference) {
    self.init(
      added: UInt64(difference.added.count), removed: UInt64(difference.removed.count),
      moved: UInt64(difference.moved.count))
  }

  public static func += (left: inout ChangeCounts, right: ChangeCounts) {
    left.added += right.added
    left.removed += right.removed
    left.moved += right.moved
  }

  /// The count of one kind of change.
  public subscript(change: Change) -> UInt64 {
    get {
      switch change {
      case .added: added
      case .removed: removed
      case .moved: moved
      }
    }
    set {
      switch change {
      case .added: added = newValue
      case .removed: removed = newValue
      case .moved: moved = newValue
      }
    }
  }
}
