/// Running totals of changes by key, such as a service port or a table's scope.
///
/// They only rise. A copy remembers where the totals stood when it was made, which is what "since
/// this scraper's last scrape" is measured from; it shares its storage with the original until that
/// counts another change, so keeping one copy for each scraper costs nothing while nothing changes.
public struct ChangeTotals<Key: Hashable & Sendable>: Sendable, Equatable {
  private var countsByKey: [Key: ChangeCounts]

  /// Totals that are zero for every key.
  public init() { countsByKey = [:] }

  /// The keys that a change was ever counted for, in no order.
  public var keys: some Collection<Key> { countsByKey.keys }

  /// The totals of `key`; zero where no change was ever counted for it.
  public subscript(key: Key) -> ChangeCounts { countsByKey[key] ?? .zero }

  /// Adds `count` changes of one kind to the totals of `key`.
  ///
  /// Zero leaves everything as it is and makes no key known; a negative count is a programming error.
  public mutating func add(_ change: Change, count: Int = 1, for key: Key) {
    precondition(count >= 0, "totals only rise")
    if count == 0 { return }
    countsByKey[key, default: .zero][change] += UInt64(count)
  }

  /// Drops the totals of every key that `isGone` tells; such a key stands at zero again.
  public mutating func forget(where isGone: (Key) -> Bool) {
    countsByKey = countsByKey.filter { !isGone($0.key) }
  }

  /// What was counted for `key` since `earlier`, a copy of these totals, was made.
  ///
  /// Zero where `earlier` is nil: a scraper that was never answered before has missed nothing. A key
  /// that `earlier` doesn't know counts from zero. Where `earlier` is no copy of these totals and
  /// stands higher, zero.
  public func changes(since earlier: ChangeTotals?, for key: Key) -> ChangeCounts {
    guard let earlier else { return .zero }
    let now = self[key]
    let before = earlier[key]
    var changes = ChangeCounts.zero
    for change in Change.allCases where now[change] > before[change] {
      changes[change] = now[change] - before[change]
    }
    return changes
  }
}
