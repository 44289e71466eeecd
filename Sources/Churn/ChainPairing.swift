import Netfilter

/// Finds the chains of a list by name, each once.
///
/// Two readings mostly agree in their chains and in the order of them, so the chain behind the one
/// found last is tried first. When that fails, the name is searched where the chains are sorted, as
/// the kernel's readers sort them, or else looked up among the hashes of all.
struct ChainPairing {
  private let chains: [Chain]
  private var isTaken: [Bool]
  private var takenCount = 0
  private var expected = 0
  /// Where the chains that are sorted by name begin: behind the built-in ones; nil where they aren't.
  private let sortedStart: Int?
  private var indices: [ChainName: Int]?

  init(of chains: [Chain]) {
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
      return Self.search(name, in: chains, from: sortedStart)
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

  private static func search(_ name: ChainName, in chains: [Chain], from start: Int) -> Int? {
    var (low, high) = (start, chains.count)
    while low < high {
      let middle = (low + high) / 2
      if chains[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < chains.count && chains[low].name == name ? low : nil
  }
}
