internal import KubeProxy
internal import Netfilter

/// What the rules of one family say of a service port.
struct ServiceFacts {
  let service: Service
  let addresses: [ServiceAddress]
  let nodePorts: [UInt16]
  let blocked: Set<BlockedTraffic>
  let chains: [ServiceChainEndpoints]
  /// For how many seconds a client stays with an endpoint, in each chain that sees to it.
  let affinity: [ChainName: Set<UInt32>]

  init(_ index: Int, _ dispatch: DispatchFacts, _ side: FamilySide) {
    service = side.map.services[index]
    addresses = dispatch.addresses[index]
    nodePorts = dispatch.nodePorts[index]
    // What no rule of filter blocks, nat does: external traffic, in versions up to 1.24.
    blocked = service.blocked.reduce(into: dispatch.blocked[index]) { blocked, reason in
      if blocked.origins(reason).isEmpty { blocked.insert(BlockedTraffic(reason, .external)) }
    }
    chains = side.map.serviceChains(ofServiceAt: index)
    var affinity: [ChainName: Set<UInt32>] = [:]
    for chain in chains {
      guard let content = side.snapshot.table(.nat)?.content else { continue }
      for rule in content.chains[chain.chainIndex].rules {
        for case .recent(let recent) in rule.matches where rule.chain != nil {
          affinity[chain.chain, default: []].insert(recent.seconds)
        }
      }
    }
    self.affinity = affinity
  }

  /// The endpoints of all chains, each once: where they translate to, or where that isn't known, their
  /// chains' names.
  var endpoints: [String] {
    var seen: Set<String> = []
    return chains.flatMap(\.endpoints).map(\.text).filter { seen.insert($0).inserted }
  }
}

extension EndpointShare {
  /// Where the endpoint is.
  var text: String {
    destinations.isEmpty ? "\(chain)" : destinations.map { "\($0)" }.joined(separator: ", ")
  }
}
