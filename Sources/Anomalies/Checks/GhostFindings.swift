internal import KubeProxy
internal import Netfilter

/// Rules that kube-proxy's iptables mode wrote for services, on a node where it is in another mode.
///
/// Packets still meet them, before or instead of what kube-proxy writes now.
enum GhostFindings {
  /// - Returns: at most one finding for each table.
  static func find(in tables: [TableContent], _ mode: KubeProxyMode) -> [Finding] {
    guard mode.servesElsewhere else { return [] }
    return tables.compactMap { content in
      let rules = content.chains.indices.flatMap { chain in
        content.serviceRules(ofChainAt: chain).map { RulePlace(content, chain: chain, $0) }
      }
      if rules.isEmpty { return nil }
      var chains: [ChainName] = []
      for rule in rules where rule.chain != chains.last { chains.append(rule.chain) }
      let count = rules.count == 1 ? "1 rule is" : "\(rules.count) rules are"
      return Finding(
        .ghostRules, in: content, chains: chains, rules: rules,
        "\(count) for services, and kube-proxy is in \(mode.rawValue) mode")
    }
  }
}
