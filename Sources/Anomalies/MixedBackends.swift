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
    guard let holdings = KubernetesHoldings(of: other), let table = holdings.tables.first else {
      return nil
    }
    let contents = holdings.tables.compactMap { other.table($0)?.content }
    let chains = contents.flatMap { content in
      content.chains.indices.map { content.chains[$0].name }.filter(\.isKubernetes)
        .sorted { $0.rank < $1.rank }
    }
    let places = contents.flatMap(\.entriesToKubernetes)
    let entries =
      places.isEmpty
      ? "no built-in chain leads to them"
      : "entered from " + places.map { "\($0.chain)" }.distinct.joined(separator: ", ")
    return Finding(
      .mixedBackends, snapshot.family, table, chains: Array(chains.prefix(longest)),
      rules: Array(places.prefix(longest)),
      "\(snapshot.backend.rawValue) is taken for kube-proxy's, and \(other.backend.rawValue) holds "
        + "\(holdings.description) too: \(entries)")
  }
}

extension TableContent {
  fileprivate var holdsKubernetes: Bool {
    chains.indices.contains { chains[$0].name.isKubernetes }
  }

  /// The rules of built-in chains that lead to Kubernetes' chains.
  fileprivate var entriesToKubernetes: [RulePlace] {
    (0..<builtInCount).flatMap { chain in
      places(chains[chain].rules.jumps.filter(\.target.isKubernetes).map(\.position), in: chain)
    }
  }
}

extension ChainName {
  /// Chains of service ports come last: there are many, and their names say little.
  fileprivate var rank: (Int, ChainName) {
    (ChainRole(self).isService ? 1 : 0, self)
  }
}

extension Array where Element: Equatable {
  /// Each element once, where it stands first.
  fileprivate var distinct: [Element] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
