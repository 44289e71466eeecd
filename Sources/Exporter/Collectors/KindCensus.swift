internal import KubeProxy
internal import Netfilter

/// How many chains and rules of each kind a table has, and what its chains show.
struct KindCensus: Sendable {
  struct Count: Sendable {
    var chains = 0
    var rules = 0
  }

  let landmarks: Landmarks
  private let content: TableContent
  /// The kinds that occur, in the order of their first chains.
  private let names: [String]
  /// For each of the names.
  private let counts: [Count]
  /// For each chain, the position of its kind among ``names``.
  private let positions: [UInt8]

  /// - Parameter former: that of an earlier content: chains that it has too need not be looked at.
  init(of content: TableContent, former: KindCensus? = nil) {
    var landmarks: Landmarks = []
    var names = former?.names ?? []
    var counts = Array(repeating: Count(), count: names.count)
    var known = KnownKinds(former)
    // By index: a copy of each chain would touch its rules' storage.
    let chains = content.chains
    var positions: [UInt8] = []
    positions.reserveCapacity(chains.count)
    for index in chains.indices {
      let name = chains[index].name
      let isBuiltIn = chains[index].isBuiltIn
      let kind =
        known.kind(of: name, isBuiltIn: isBuiltIn)
        ?? Self.position(of: ChainKind.of(name, isBuiltIn: isBuiltIn), in: &names)
      positions.append(UInt8(kind))
      if kind == counts.count { counts.append(Count()) }
      counts[kind].chains += 1
      counts[kind].rules += chains[index].rules.count
      landmarks.formUnion(Landmarks.of(content, chainAt: index))
    }
    self.content = content
    self.names = names
    self.counts = counts
    self.positions = positions
    self.landmarks = landmarks
  }

  /// The kinds of its chains.
  var kinds: some Sequence<String> { sorted.lazy.map(\.kind) }

  /// By kind, sorted.
  var sorted: [(kind: String, count: Count)] {
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

extension KindCensus {
  /// Finds the kinds of chains that an earlier content had, most of which come in the same order.
  private struct KnownKinds {
    private let chains: [Chain]
    private let kinds: [UInt8]
    private var next = 0

    init(_ former: KindCensus?) {
      chains = former?.content.chains ?? []
      kinds = former?.positions ?? []
    }

    mutating func kind(of name: ChainName, isBuiltIn: Bool) -> Int? {
      for index in next..<min(chains.count, next + Self.lookahead)
      where chains[index].name == name && chains[index].isBuiltIn == isBuiltIn {
        next = index + 1
        return Int(kinds[index])
      }
      return nil
    }

    /// So many chains in a row may be gone without all that follow being looked at again.
    private static let lookahead = 16
  }
}
