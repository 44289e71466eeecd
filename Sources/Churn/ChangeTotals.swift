/// Running totals of changes by key, such as a service port or a table's scope.
///
/// They only rise. A ``Mark`` remembers where they stood, which is what "since this scraper's last
/// scrape" is measured from.
public struct ChangeTotals<Key: Hashable & Sendable>: Sendable {
  /// Where in `counts` the totals of a key stand. A key keeps its place until some are forgotten.
  private var places: [Key: Int] = [:]
  private var counts: [ChangeCounts] = []
  /// How often keys were forgotten: all places are new then.
  private var generation = 0

  /// Where the totals stood when it was made.
  ///
  /// It holds no keys, and shares the counts with the totals until those count another change. So it
  /// costs 24 bytes for each key, and nothing while nothing changes.
  public struct Mark: Sendable {
    fileprivate let counts: [ChangeCounts]
    fileprivate let generation: Int

    /// The memory that it needs where it shares it with nobody.
    public var byteCount: Int { counts.count * MemoryLayout<ChangeCounts>.stride }
  }

  /// Totals that are zero for every key.
  public init() {}

  public var mark: Mark { Mark(counts: counts, generation: generation) }

  /// The keys that a change was ever counted for, in no order.
  public var keys: some Collection<Key> { places.keys }

  /// The totals of `key`; zero where no change was ever counted for it.
  public subscript(key: Key) -> ChangeCounts { places[key].map { counts[$0] } ?? .zero }

  /// Adds `count` changes of one kind to the totals of `key`.
  ///
  /// Zero leaves everything as it is and makes no key known; a negative count is a programming error.
  public mutating func add(_ change: Change, count: Int = 1, for key: Key) {
    precondition(count >= 0, "totals only rise")
    if count == 0 { return }
    if let place = places[key] {
      counts[place][change] += UInt64(count)
    } else {
      places[key] = counts.count
      counts.append(.zero)
      counts[counts.count - 1][change] = UInt64(count)
    }
  }

  /// Drops the totals of every key that `isGone` tells; such a key stands at zero again.
  ///
  /// Marks that were made before are worth nothing afterwards.
  public mutating func forget(where isGone: (Key) -> Bool) {
    let former = counts
    counts.removeAll()
    places = places.filter { !isGone($0.key) }.mapValues { place in
      counts.append(former[place])
      return counts.count - 1
    }
    generation += 1
  }

  /// What was counted for `key` since these totals made `earlier`.
  ///
  /// Zero where `earlier` is nil, or was made before keys were forgotten: a scraper that was never
  /// answered before has missed nothing. A key that was new after `earlier` counts from zero.
  public func changes(since earlier: Mark?, for key: Key) -> ChangeCounts {
    guard let earlier, earlier.generation == generation, let place = places[key] else {
      return .zero
    }
    var changes = counts[place]
    guard place < earlier.counts.count else { return changes }
    for change in Change.allCases {
      // Another's mark may stand higher.
      changes[change] -= min(changes[change], earlier.counts[place][change])
    }
    return changes
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
