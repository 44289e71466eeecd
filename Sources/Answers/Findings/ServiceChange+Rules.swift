internal import Churn
internal import KubeProxy
internal import Netfilter

/// What changed in a service port's rules and can't be said in its own terms.
extension ServiceChange {
  /// What other sentences say already.
  struct Explained {
    /// The rules that dispatch to the service port, or block it.
    var dispatch = false
    /// The chains that balance over endpoints, and the endpoints' chains.
    var endpoints = false

    fileprivate func covers(_ chain: ChainName) -> Bool {
      switch ChainRole(chain) {
      case .service(.service, _), .service(.local, _), .service(.externalLoadBalancer, _),
        .service(.endpoint, _):
        endpoints
      case .dispatch: dispatch
      case .service, .system, .other: false
      }
    }
  }

  /// Rules that moved in the service port's own chains, where the order counts.
  func orders(_ endpoints: ServiceEndpointsChange) -> [Finding] {
    changes.chains.sorted { $0.key < $1.key }.compactMap { place, counts in
      guard counts.moved > 0, case .service(let kind, _) = ChainRole(place.chain),
        !endpoints.changedChains.contains(place.chain)
      else { return nil }
      let moved = "\(Wording.count(counts.moved, "rule")) moved in \(place.chain) of \(name)"
      let text =
        switch kind {
        case .service, .local, .externalLoadBalancer:
          endpoints.unequalChains.contains(place.chain)
            ? "\(moved): its probabilities depend on the order, and the shares changed"
            : "\(moved): its probabilities depend on the order, and the shares are as before"
        case .endpoint, .external, .firewall: "\(moved), where the order counts"
        }
      return Finding(
        .serviceOrder, .traffic, text, family: family, table: place.table, chain: place.chain,
        servicePort: port)
    }
  }

  /// Rules that came or went, of which no other sentence tells.
  func rest(_ explained: Explained) -> Finding? {
    var counts = ChangeCounts.zero
    var chains: [String] = []
    for (place, changed) in changes.chains.sorted(by: { $0.key < $1.key })
    where !explained.covers(place.chain) && changed.added + changed.removed > 0 {
      counts.added += changed.added
      counts.removed += changed.removed
      chains.append(Wording.place(place.chain, place.table, .ipv4))
    }
    if chains.isEmpty { return nil }
    return finding(
      .serviceRulesChanged,
      "the rules of \(name) changed: \(counts.text) (\(Wording.list(chains)))")
  }
}
