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
