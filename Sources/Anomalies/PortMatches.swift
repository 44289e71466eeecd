internal import KubeProxy
internal import Netfilter

/// Finds rules that are there for one port of a service, and take all.
///
/// kube-proxy names the port in each. iptables-nft up to 1.8.7 doesn't know how later versions store it, and
/// prints `-p tcp -m comment --comment "…" -j KUBE-SVC-…` without it.
enum PortMatches {
  /// The rules of a chain of filter that block a service port whatever a packet's port is.
  static func missing(in filter: TableContent, chain: Int, _ map: ServiceMap) -> [Int] {
    let rules = filter.chains[chain].rules
    return rules.indices.filter { position in
      guard map.owner(ofRule: position, ofChainAt: chain, in: filter) != nil else { return false }
      let outline = rules.outline(at: position)
      return outline.outcome == .blocked && outline.destinationPort == nil
        && !rules.line(at: position).span.namesPort
    }
  }

  /// One finding for all such rules of a table: they have one cause.
  static func finding(
    _ found: [(chain: Int, positions: [Int])], in content: TableContent, _ map: ServiceMap
  ) -> Finding? {
    let found = found.filter { !$0.positions.isEmpty }
    guard let first = found.first, let position = first.positions.first else { return nil }
    let count = found.reduce(0) { $0 + $1.positions.count }
    let isOne = count == 1
    let owner = map.servicePort(ofRule: position, ofChainAt: first.chain, in: content)
    let protocolName = content.chains[first.chain].rules.outline(at: position).ipProtocol
      .flatMap(TransportProtocol.init)
    return Finding(
      .portMatchMissing, in: content, chains: found.map { content.chains[$0.chain].name },
      rules: found.flatMap { content.places($0.positions, in: $0.chain) },
      servicePort: isOne ? owner : nil,
      isOne
        ? "a rule of \(content.chains[first.chain].name) names no port: it takes all \(protocolName?.rawValue ?? "") packets that come to it"
        : "\(count) rules name no port: each takes all packets of its protocol that come to it")
  }
}
