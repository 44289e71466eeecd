internal import KubeProxy
internal import Netfilter

/// Finds that the backend that kube-proxy doesn't use holds chains of kube-proxy or the kubelet as well.
enum MixedBackends {
  /// The most chains and rules of the other backend that a finding has.
  private static let longest = 20

  /// At most one finding for a family; nil where one of the two holds none.
  ///
  /// - Parameter known: that of the same tables of the other backend.
  static func finding(
    _ snapshot: FamilySnapshot, beside other: FamilySnapshot, known: Finding?
  ) -> Finding? {
    guard snapshot.tables.contains(where: { $0.content.holdsKubernetes }) else { return nil }
    if let known { return known }
    let found = Anomaly.mixedBackends.tables.reversed()
      .compactMap { other.table($0)?.content }.filter(\.holdsKubernetes)
    guard let first = found.first else { return nil }
    let chains = found.map { content in
      content.chains.indices.filter { content.chains[$0].name.isKubernetes }
    }
    let rules = zip(found, chains).reduce(0) { sum, table in
      table.1.reduce(sum) { $0 + table.0.chains[$1].rules.count }
    }
    let places = found.flatMap(\.entriesToKubernetes)
    let count = chains.reduce(0) { $0 + $1.count }
    let tables = found.map(\.name.rawValue).joined(separator: " and ")
    let entries =
      places.isEmpty
      ? "no built-in chain leads to them"
      : "entered from " + places.map { "\($0.chain)" }.distinct.joined(separator: ", ")
    return Finding(
      .mixedBackends, snapshot.family, first.name,
      chains: Array(
        zip(found, chains).flatMap { content, indices in
          indices.map { content.chains[$0].name }.sorted { $0.rank < $1.rank }
        }.prefix(longest)),
      rules: Array(places.prefix(longest)),
      "\(snapshot.backend.rawValue) is taken for kube-proxy's, and \(other.backend.rawValue) holds "
        + "\(count == 1 ? "1 chain" : "\(count) chains") of Kubernetes too, in \(tables), with "
        + "\(rules == 1 ? "1 rule" : "\(rules) rules"): \(entries)")
  }
}

extension TableContent {
  fileprivate var holdsKubernetes: Bool {
    chains.indices.contains { chains[$0].name.isKubernetes }
  }

  /// The rules of built-in chains that lead to Kubernetes' chains.
  fileprivate var entriesToKubernetes: [RulePlace] {
    (0..<builtInCount).flatMap { chain in
      let rules = chains[chain].rules
      return places(
        rules.indices.filter { position in
          guard case .chain(let target) = rules.outcome(at: position) else { return false }
          return target.isKubernetes
        }, in: chain)
    }
  }
}

extension ChainName {
  /// Chains of service ports come last: there are many, and their names say little.
  fileprivate var rank: (Int, ChainName) {
    if case .service = ChainRole(self) { (1, self) } else { (0, self) }
  }
}

extension Array where Element: Equatable {
  /// Each element once, where it stands first.
  fileprivate var distinct: [Element] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
