internal import Netfilter

/// Chains that kube-proxy and the kubelet leave in three tables, to see by their absence that somebody
/// has flushed one.
enum CanaryFindings {
  private static let canaries: [ChainName] = ["KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"]

  static func find(in tables: [TableContent]) -> [Finding] {
    let watched = tables.filter { Anomaly.canaryMissing.tables.contains($0.name) }
    let found = watched.map { $0.chainNames(among: canaries) }
    let expected = canaries.filter { canary in found.contains { $0.contains(canary) } }
    return zip(watched, found).compactMap { content, found in
      let missing = expected.filter { !found.contains($0) }
      if missing.isEmpty { return nil }
      let names = missing.map(\.description).joined(separator: " and ")
      return Finding(
        .canaryMissing, in: content, chains: missing,
        "\(content.name.rawValue) has no \(names), and other tables do")
    }
  }
}
