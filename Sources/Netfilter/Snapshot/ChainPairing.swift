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
    var search = ChainSearch(in: old.chains)
    let (oldChains, newChains) = (old.chains, new.chains)
    for position in newChains.indices {
      guard let former = search.take(newChains[position].name) else {
        places.append(.none)
        changed.append(position)
        continue
      }
      // Spans, for nothing needs to be retained to be compared.
      let isSame = oldChains.span[former].rules == newChains.span[position].rules
      places.append(OptionalIndex(2 * former + (isSame ? 0 : 1)))
      if !isSame { changed.append(position) }
    }
    self.places = places
    self.changed = changed
    removed = search.remaining
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

/// Finds the chains of a list by name, each once.
///
/// Two readings mostly agree in their chains and in the order of them, so the chain behind the one
/// found last is tried first. When that fails, the name is searched where the chains are sorted, as
/// the kernel's readers sort them, or else looked up among the hashes of all.
private struct ChainSearch {
  private let chains: [Chain]
  private var isTaken: [Bool]
  private var takenCount = 0
  private var expected = 0
  /// Where the chains that are sorted by name begin: behind the built-in ones; nil where they aren't.
  private let sortedStart: Int?
  private var indices: [ChainName: Int]?

  init(in chains: [Chain]) {
    self.chains = chains
    isTaken = Array(repeating: false, count: chains.count)
    sortedStart = Self.sortedStart(of: chains)
  }

  /// The index of the chain called `name`; nil where there is none or it was taken before.
  mutating func take(_ name: ChainName) -> Int? {
    guard let index = index(of: name), !isTaken[index] else { return nil }
    isTaken[index] = true
    takenCount += 1
    expected = index + 1
    return index
  }

  /// The indices of the chains that were not taken, ascending.
  var remaining: [Int] {
    takenCount == isTaken.count ? [] : isTaken.indices.filter { !isTaken[$0] }
  }

  private mutating func index(of name: ChainName) -> Int? {
    if expected < chains.count, chains[expected].name == name { return expected }
    if let sortedStart {
      for index in 0..<sortedStart where chains[index].name == name { return index }
      return (sortedStart..<chains.count).sortedIndex(of: name) { chains[$0].name }
    }
    if let indices { return indices[name] }
    let indices = Dictionary(
      chains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.indices = indices
    return indices[name]
  }

  private static func sortedStart(of chains: [Chain]) -> Int? {
    var start = 0
    while start < chains.count, chains[start].isBuiltIn { start += 1 }
    for index in chains.indices.dropFirst(start + 1)
    where chains[index].name <= chains[index - 1].name {
      return nil
    }
    return start
  }
}
