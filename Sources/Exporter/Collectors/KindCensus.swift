internal import KubeProxy
internal import Netfilter

/// How many chains and rules of each kind a table has, and what its chains show.
struct KindCensus: Sendable {
  struct Count: Sendable {
    var chains = 0
    var rules = 0

    fileprivate mutating func add(_ other: Count) {
      chains += other.chains
      rules += other.rules
    }
  }

  private var counts: [String: Count] = [:]
  let landmarks: Landmarks

  init(of content: TableContent) {
    var landmarks: Landmarks = []
    // Sorted by name, most chains are of the kind of the one before them.
    var run = (kind: "", count: Count())
    // By index: a copy of each chain would touch its rules' storage.
    let chains = content.chains
    for index in chains.indices {
      let name = chains[index].name
      let kind = ChainKind.of(name, isBuiltIn: chains[index].isBuiltIn)
      if kind != run.kind {
        counts[run.kind, default: Count()].add(run.count)
        run = (kind, Count())
      }
      run.count.add(Count(chains: 1, rules: chains[index].rules.count))
      landmarks.formUnion(Landmarks.of(name, in: content.name))
    }
    counts[run.kind, default: Count()].add(run.count)
    counts[""] = nil
    self.landmarks = landmarks
  }

  var kinds: some Sequence<String> { counts.keys }

  /// By kind, sorted.
  var sorted: [(kind: String, count: Count)] {
    counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
