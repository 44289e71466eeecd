import Netfilter

/// Finds the chains of a list by name, each once.
///
/// Two readings mostly agree in their chains and in the order of them, so the chain behind the one
/// found last is tried first. Only when that fails are the names hashed.
struct ChainPairing {
  private let chains: [Chain]
  private var isTaken: [Bool]
  private var expected = 0
  private var indices: [ChainName: Int]?

  init(of chains: [Chain]) {
    self.chains = chains
    isTaken = Array(repeating: false, count: chains.count)
  }

  /// The index of the chain called `name`; nil where there is none or it was taken before.
  mutating func take(_ name: ChainName) -> Int? {
    guard let index = index(of: name), !isTaken[index] else { return nil }
    isTaken[index] = true
    expected = index + 1
    return index
  }

  /// The indices of the chains that were not taken, ascending.
  var remaining: [Int] { isTaken.indices.filter { !isTaken[$0] } }

  private mutating func index(of name: ChainName) -> Int? {
    if expected < chains.count, chains[expected].name == name { return expected }
    if let indices { return indices[name] }
    let indices = Dictionary(
      chains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.indices = indices
    return indices[name]
  }
}
