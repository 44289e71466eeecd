internal import KubeProxy
internal import Netfilter

/// How many chains and rules of each kind a table has, and what its chains show.
struct KindCensus: Sendable {
  struct Count: Sendable {
    var chains = 0
    var rules = 0

    fileprivate mutating func add(_ chain: Chain) {
      chains += 1
      rules += chain.rules.count
    }
  }

  private var counts: [String: Count] = [:]
  let landmarks: Landmarks

  init(of content: TableContent) {
    var landmarks: Landmarks = []
    for chain in content.chains {
      counts[ChainKind.of(chain), default: Count()].add(chain)
      landmarks.formUnion(Landmarks.of(chain, in: content.name))
    }
    self.landmarks = landmarks
  }

  var kinds: some Sequence<String> { counts.keys }

  /// By kind, sorted.
  var sorted: [(kind: String, count: Count)] {
    counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
