internal import Netfilter

/// The chains of a table as libiptc orders them: built-in ones first, in the order of their hooks, then
/// the others by name.
struct NFTChainList {
  private(set) var chains: [NFTChain]

  init(_ chains: [NFTChain] = []) { self.chains = chains.sorted(by: Self.precedes) }

  /// Where a chain stands; nil where there is none of that name.
  func position(of name: ChainName) -> Int? {
    let index = (builtInCount..<chains.count).partitionPoint { chains[$0].name < name }
    if index < chains.count, chains[index].name == name { return index }
    return chains[..<builtInCount].firstIndex { $0.name == name }
  }

  /// The chains that hang on a hook, of which there are a handful.
  private var builtInCount: Int { chains.prefix { $0.hook != nil }.count }

  /// Puts chains in the place of those of their names, or where they belong; takes those out that are
  /// nil.
  mutating func update(_ changes: [ChainName: NFTChain?]) {
    if changes.isEmpty { return }
    let gone = changes.keys.compactMap { position(of: $0) }.sorted()
    let arrivals = changes.values.compactMap(\.self).sorted(by: Self.precedes)
    var merged: [NFTChain] = []
    merged.reserveCapacity(chains.count + arrivals.count)
    var (nextGone, nextArrival) = (gone[...], arrivals[...])
    for (index, chain) in chains.enumerated() {
      if nextGone.first == index {
        nextGone.removeFirst()
        continue
      }
      while let arrival = nextArrival.first, Self.precedes(arrival, chain) {
        merged.append(nextArrival.removeFirst())
      }
      merged.append(chain)
    }
    chains = merged + nextArrival
  }

  mutating func setCounter(_ counter: Counter, at position: Int) {
    chains[position].counter = counter
  }

  /// For each chain, where another list has it; nil where it doesn't.
  func positions(in other: NFTChainList) -> [Int?] {
    var position = 0
    return chains.map { chain in
      while position < other.chains.count, Self.precedes(other.chains[position], chain) {
        position += 1
      }
      guard position < other.chains.count, other.chains[position].name == chain.name else {
        return nil
      }
      return position
    }
  }

  private static func precedes(_ left: NFTChain, _ right: NFTChain) -> Bool {
    // A user's chain hangs on no hook, and so comes last.
    if left.hook != nil || right.hook != nil {
      return (left.hook ?? .max, left.name) < (right.hook ?? .max, right.name)
    }
    return left.name < right.name
  }
}
