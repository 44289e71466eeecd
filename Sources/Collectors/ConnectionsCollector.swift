internal import Exposition
internal import IPTablesSource
internal import Tracking

extension Collector {
  package static let connections = Collector(
    name: "connections", help: "Collect the connections of service ports.",
    counters: .connections, isComplete: { $0.servicePatternFailure == nil },
    sharedParts: ConnectionsCollector.sharedParts)
}

/// `connections`: new connections by service port. What needs counters of rules stands here alone, for
/// they cost a reading of their own where nothing else has changed.
private enum ConnectionsCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
    let part = Part(.connections, from: [state.reading]) { writer in
      writer.counter(
        "iptables_service_connections_total",
        "New connections sent to the service port's endpoints, summed over the DNAT rules of its "
          + "KUBE-SEP chains. Never falls when kube-proxy writes a rule again; what came between the "
          + "last reading and such a restart of the kernel's counter is not in it."
      ) { samples in
        state.forEachSelected { labels, index, services in
          samples.sample(labels, services.connections[index])
        }
      }
    }
    return [part]
  }
}
