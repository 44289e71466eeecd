internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

extension Collector {
  package static let endpoints = Collector(
    name: "endpoints", help: "Collect metrics of service ports' endpoints.", isOnByDefault: false,
    counters: .connections, subject: .endpoints,
    isComplete: { $0.servicePatternFailure == nil }, sharedParts: EndpointsCollector.sharedParts)
}

/// `endpoints`: what each endpoint of a service port gets, by the rules and by the kernel's count.
private enum EndpointsCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
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

  private static func writeConnections(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.counter(
      "iptables_endpoint_connections_total",
      "New connections sent to the endpoint: those of iptables_service_connections_total, by "
        + "destination."
    ) { samples in
      state.forEachSelected { labels, index, services in
        guard let endpoints = services.endpoints else { return }
        for endpoint in endpoints.list.endpoints(ofServiceAt: index) {
          samples.sample(
            labels, and: endpoints.list.labels[endpoint], endpoints.counts[endpoint])
        }
      }
    }
  }

  private static func writeShares(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.gauge(
      "iptables_endpoint_share",
      "The share of new connections to the service port that the endpoint gets, 0 to 1, as the "
        + "probabilities of its rules have it, without session affinity. By policy: cluster (KUBE-SVC) "
        + "and local (KUBE-SVL, KUBE-XLB)."
    ) { samples in
      state.forEachSelected { labels, index, services in
        guard services.endpoints != nil else { return }
        let chains = services.map.serviceChains(ofServiceAt: index)
        for policy in ["cluster", "local"] {
          // A service port has one chain of each policy, as long as kube-proxy alone writes them.
          let chain = chains.first { $0.chain.hasPrefix("KUBE-SVC-") == (policy == "cluster") }
          // Endpoints without a destination have no label.
          let shares = (chain?.endpoints ?? []).lazy.compactMap { endpoint in
            endpoint.destinations.first.map { ($0.description, endpoint.share) }
          }
          for (endpoint, share) in shares.summed() {
            samples.sample(
              labels, and: LabelSet(["endpoint": endpoint, "policy": policy]), share)
          }
        }
      }
    }
  }
}
