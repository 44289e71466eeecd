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
        guard case .chain = rule.outline.outcome, let seconds = rule.affinitySeconds else {
          continue
        }
        affinity[chain.chain, default: []].insert(seconds)
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

extension Rule {
  /// For how many seconds a client that was seen matches, 0 for any time; nil where it need not be seen.
  fileprivate var affinitySeconds: UInt32? {
    var seconds: UInt32?
    forEachElement { element, line, owner in
      guard line.isText("recent", owner) else { return }
      seconds = seconds ?? 0
      if line.isText("--seconds", element.name) { seconds = line.number(in: element.value) }
    }
    return seconds
  }
}

extension EndpointShare {
  /// Where the endpoint is.
  var text: String {
    destinations.isEmpty ? "\(chain)" : destinations.map { "\($0)" }.joined(separator: ", ")
  }
}
