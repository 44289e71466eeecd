/// Which chains of two contents of a table are the same, and which of those hold other rules.
///
/// Chains are the same where their names are; their order means nothing. A name is taken to be its
/// chain's only one in the table, as it is in the kernel. Chains that share their rules' storage cost a
/// comparison of names.
public struct ChainPairing: Sendable {
  /// The positions in the new content of the chains that are new or hold other rules; ascending.
  public let changed: [Int]
  /// The positions in the old content of the chains that are gone; ascending.
  public let removed: [Int]
  /// For each chain of the new content, twice its position in the old, and 1 more where its rules are
  /// others; none where it is new.
  private let places: [OptionalIndex]

  /// - Parameter old: Nil where there was none: then all chains are new.
  public init(from old: TableContent?, to new: TableContent) {
    let count = new.chains.count
    guard let old, old !== new else {
      places = (0..<count).map { OptionalIndex(old == nil ? nil : 2 * $0) }
      changed = old == nil ? Array(0..<count) : []
      removed = []
      return
    }
    var places: [OptionalIndex] = []
    places.reserveCapacity(count)
    var changed: [Int] = []
    var isPaired = [Bool](repeating: false, count: old.chains.count)
    var next = 0
    let (oldChains, newChains) = (old.chains, new.chains)
    // Spans, for nothing needs to be retained to be compared.
    for position in newChains.indices {
      let name = newChains.span[position].name
      // Mostly the chains agree, and their order: then the one behind the last pair's is the next pair's.
      let isNext = next < oldChains.count && oldChains.span[next].name == name
      guard let former = isNext ? next : old.chainIndex(of: name), !isPaired[former] else {
        places.append(.none)
        changed.append(position)
        continue
      }
      isPaired[former] = true
      next = former + 1
      let isSame = oldChains.span[former].rules == newChains.span[position].rules
      places.append(OptionalIndex(2 * former + (isSame ? 0 : 1)))
      if !isSame { changed.append(position) }
    }
    self.places = places
    self.changed = changed
    removed = isPaired.indices.filter { !isPaired[$0] }
  }

  /// Where a chain of the new content stood; nil where it is new.
  public func former(of position: Int) -> Int? {
    places[position].index.map { $0 / 2 }
  }

  /// Where a chain of the new content stood with the same rules; nil where it is new or holds others.
  public func unchanged(_ position: Int) -> Int? {
    guard let place = places[position].index, place & 1 == 0 else { return nil }
    return place / 2
  }
}
