internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

extension CollectorName {
  package static let endpoints = CollectorName(
    rawValue: "endpoints", help: "Collect metrics of service ports' endpoints.",
    isOnByDefault: false,
    counters: .connections, subjects: .endpoints, collector: EndpointsCollector())
}

/// `endpoints`: what each endpoint of a service port gets, by the rules and by the kernel's count.
struct EndpointsCollector: Collector {
  func isComplete(in state: RulesetState) -> Bool { state.servicePatternFailure == nil }

  func sharedParts(of state: RulesetState) -> [Part] {
    [
      Part(.connections, from: [state.reading]) { writeConnections(state, to: &$0) },
      Part(.shares, from: Self.origin(of: state)) { writeShares(state, to: &$0) },
    ]
  }

  /// What shares are made from. Each map has one list of endpoints. The list stands for the map, because the
  /// map is too large to be kept.
  private static func origin(of state: RulesetState) -> [any AnyObject & Sendable] {
    state.services.flatMap { services -> [any AnyObject & Sendable] in
      services.endpoints.map { [services.selected, $0.list] } ?? []
    }
  }

  private func writeConnections(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.counter(
      "iptables_endpoint_connections_total",
      "New connections sent to the endpoint: those of iptables_service_connections_total, by "
        + "destination."
    ) { samples in
      for services in state.services {
        guard let endpoints = services.endpoints else { continue }
        for (position, index) in services.selected.indices.enumerated() {
          for endpoint in endpoints.list.endpoints(ofServiceAt: index) {
            samples.sample(
              services.selected.labels[position], and: endpoints.list.labels[endpoint],
              endpoints.counts[endpoint])
          }
        }
      }
    }
  }

  private func writeShares(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.gauge(
      "iptables_endpoint_share",
      "The share of new connections to the service port that the endpoint gets, 0 to 1, as the "
        + "probabilities of its rules have it, without session affinity. By policy: cluster (KUBE-SVC) "
        + "and local (KUBE-SVL, KUBE-XLB)."
    ) { samples in
      for services in state.services where services.endpoints != nil {
        for (position, index) in services.selected.indices.enumerated() {
          let chains = services.map.serviceChains(ofServiceAt: index)
          for policy in Policy.allCases {
            // A service port has one chain of each policy, as long as kube-proxy alone writes them.
            guard let chain = chains.first(where: { Policy($0) == policy }) else { continue }
            // Endpoints without a destination have no label.
            let shares = chain.endpoints.lazy.compactMap { endpoint in
              endpoint.destinations.first.map { ($0.description, endpoint.share) }
            }
            for (endpoint, share) in shares.summed() {
              samples.sample(
                services.selected.labels[position],
                and: LabelSet(["endpoint": endpoint, "policy": policy.rawValue]), share)
            }
          }
        }
      }
    }
  }

  /// Which traffic a chain balances, as the label `policy` has it.
  private enum Policy: String, CaseIterable {
    case cluster
    case local

    init(_ chain: ServiceChainEndpoints) {
      self = chain.chain.hasPrefix("KUBE-SVC-") ? .cluster : .local
    }
  }
}
