internal import Exposition
internal import IPTablesSource
internal import Tracking

extension CollectorName {
  package static let connections = CollectorName(
    rawValue: "connections", help: "Collect the connections of service ports.",
    counters: .connections,
    collector: ConnectionsCollector())
}

/// `connections`: new connections by service port. What needs counters of rules stands here alone, for
/// they cost a reading of their own where nothing else has changed.
struct ConnectionsCollector: Collector {
  func isComplete(in state: RulesetState) -> Bool { state.servicePatternFailure == nil }

  func sharedParts(of state: RulesetState) -> [Part] {
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
