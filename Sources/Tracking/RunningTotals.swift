package import Churn

/// Running totals by key, such as a service port or a table's scope.
///
/// They only rise. A ``Mark`` remembers where they stood, which is what "since this scraper's last
/// scrape" is measured from.
package struct RunningTotals<Key: Hashable & Sendable, Count: Hashable & Sendable>: Sendable {
  /// Where in `counts` the total of a key stands. A key keeps its place until some are forgotten.
  private var places: [Key: Int] = [:]
  private var counts: [Count] = []
  private let zero: Count
  /// How often keys were forgotten: all places are new then.
  private var generation = 0

  /// Where the totals stood when it was made.
  ///
  /// It holds no keys, and shares the counts with the totals until those count another change. So it
  /// costs the counts' own memory, and nothing while nothing changes.
  package struct Mark: Sendable {
    fileprivate let counts: [Count]
    fileprivate let generation: Int

    /// The memory that it needs where it shares it with nobody.
    package var byteCount: Int { counts.count * MemoryLayout<Count>.stride }
  }

  package init(zero: Count) { self.zero = zero }

  package var mark: Mark { Mark(counts: counts, generation: generation) }

  var count: Int { places.count }

  /// The keys that a total was ever changed of, in no order.
  package var keys: some Collection<Key> { places.keys }

  /// The total of `key`; zero where it was never changed.
  package subscript(key: Key) -> Count { places[key].map { counts[$0] } ?? zero }

  mutating func update(_ key: Key, _ change: (inout Count) -> Void) {
    if let place = places[key] {
      change(&counts[place])
    } else {
      places[key] = counts.count
      counts.append(zero)
      change(&counts[counts.count - 1])
    }
  }

  /// Drops the totals of the keys for which `isGone` returns true. Such a key stands at zero again, and marks that
  /// were made before are worth nothing.
  mutating func forget(where isGone: (Key) -> Bool) {
    let former = counts
    counts.removeAll()
    places = places.filter { !isGone($0.key) }.mapValues { place in
      counts.append(former[place])
      return counts.count - 1
    }
    generation += 1
  }

  // MARK: Since a mark

  /// Whether nothing changed since these totals made a mark.
  func stand(at mark: Mark) -> Bool {
    // Where nothing changed the two are one array, which is all that is looked at.
    mark.generation == generation && mark.counts == counts
  }

  /// The keys whose totals changed since these totals made a mark, in no order; nil where keys were
  /// forgotten since.
  func changedKeys(since mark: Mark) -> [Key]? {
    guard mark.generation == generation else { return nil }
    if stand(at: mark) { return [] }
    // By index: a copy of each key would touch its names.
    return places.indices.filter { index in
      let place = places.values[index]
      return place >= mark.counts.count || mark.counts[place] != counts[place]
    }.map { places.keys[$0] }
  }
}

extension RunningTotals where Count == ChangeCounts {
  /// What was counted for `key` since these totals made `earlier`.
  ///
  /// Zero where `earlier` is nil, or was made before keys were forgotten: a scraper that was never
  /// answered before has missed nothing.
  package func changes(since earlier: Mark?, for key: Key) -> ChangeCounts {
    guard let earlier, earlier.generation == generation, let place = places[key] else {
      return .zero
    }
    // A key that is newer than the mark counts from zero.
    let former = place < earlier.counts.count ? earlier.counts[place] : zero
    var changes = counts[place]
    for kind in Change.allCases {
      // Another's mark may stand higher.
      changes[kind] -= min(changes[kind], former[kind])
    }
    return changes
  }
}
