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

/// An index of some list, or none, in four bytes: there may be one for each of 100,000 rules.
public struct OptionalIndex: Sendable, Hashable {
  @usableFromInline let code: Int32

  public static let none = OptionalIndex(nil)

  @inlinable
  public init(_ index: Int?) { code = index.map(Int32.init) ?? -1 }

  @inlinable
  public var index: Int? { code < 0 ? nil : Int(code) }
}

extension Range<Int> {
  /// Finds an element by binary search; nil if it isn't there.
  ///
  /// - Parameter value: Returns the element at an index. The elements ascend.
  @inlinable
  public func sortedIndex<Value: Comparable>(of wanted: Value, _ value: (Int) -> Value) -> Int? {
    let index = partitionPoint { value($0) < wanted }
    return index < upperBound && value(index) == wanted ? index : nil
  }

  /// Finds the first index for which `precedes` is false, by binary search. Returns the upper bound if there is none.
  ///
  /// - Parameter precedes: True for a first part of the range, and false for the rest.
  @inlinable
  public func partitionPoint(where precedes: (Int) -> Bool) -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if precedes(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Array where Element: Comparable {
  /// The index of an element of a sorted list; nil if it isn't there.
  @inlinable
  public func sortedIndex(of element: Element) -> Int? {
    indices.sortedIndex(of: element) { self[$0] }
  }
}
