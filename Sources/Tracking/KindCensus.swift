internal import KubeProxy
internal import Netfilter

/// How many chains and rules of each kind a table has, and what its chains show.
package struct KindCensus: Sendable {
  package struct Count: Sendable {
    package var chains = 0
    package var rules = 0
  }

  let landmarks: Landmarks
  /// The kinds that occur, in the order of their first chains.
  private let names: [String]
  /// For each of the names.
  private let counts: [Count]
  /// For each chain, the position of its kind among ``names``.
  private let positions: [UInt8]

  /// - Parameter former: That of an earlier content, and where the chains stood in it: the kinds of those
  ///   are known.
  init(
    of content: TableContent, former: (census: KindCensus, pairing: ChainPairing)? = nil
  ) {
    var landmarks: Landmarks = []
    var names = former?.census.names ?? []
    var counts = Array(repeating: Count(), count: names.count)
    let builtIn = names.firstIndex(of: ChainKind.builtIn)
    // By index: a copy of each chain would touch its rules' storage.
    let chains = content.chains
    var positions: [UInt8] = []
    positions.reserveCapacity(chains.count)
    for index in chains.indices {
      let formerly = former.flatMap { former in
        former.pairing.former(of: index).map { Int(former.census.positions[$0]) }
      }
      let kind: Int
      // A chain may have become a built-in one.
      if let formerly, (formerly == builtIn) == chains[index].isBuiltIn {
        kind = formerly
      } else {
        kind = Self.position(of: ChainKind.of(chains[index]), in: &names)
      }
      positions.append(UInt8(kind))
      if kind == counts.count { counts.append(Count()) }
      counts[kind].chains += 1
      counts[kind].rules += chains[index].rules.count
      landmarks.formUnion(Landmarks.of(content, chainAt: index))
    }
    self.names = names
    self.counts = counts
    self.positions = positions
    self.landmarks = landmarks
  }

  /// By kind, sorted.
  package var sorted: [(kind: String, count: Count)] {
    zip(names, counts).filter { $0.1.chains > 0 }.sorted { $0.0 < $1.0 }
      .map { (kind: $0.0, count: $0.1) }
  }

  /// There are a few dozen kinds.
  private static func position(of kind: String, in names: inout [String]) -> Int {
    if let position = names.firstIndex(of: kind) { return position }
    names.append(kind)
    return names.count - 1
  }
}
