internal import Churn
internal import Exposition
internal import KubeProxy
internal import Netfilter

/// The service ports of a family that have series of their own, with all that stays the same while
/// the rules do.
struct SelectedServices: Sendable {
  /// Indices in the map, ascending.
  let indices: [Int]
  /// The labels of each, rendered.
  let labels: [LabelSet]
  /// The changes of each since the exporter started.
  private(set) var changes: [ChangeCounts] = []
  /// How many rules of each were written again since the exporter started.
  private(set) var rewritten: [UInt64] = []
  let omittedByPattern: Int
  let omittedByLimit: Int
  /// The revisions of the ledgers that the counts come from.
  private var churnRevision: UInt64?
  private var rewriteRevision: UInt64?

  /// - Parameters:
  ///   - outcome: which of the map's service ports are selected.
  ///   - previous: what was selected before, and from which map.
  init(
    of map: ServiceMap, family: IPFamily, outcome: ServiceSelection.Outcome,
    previous: (map: ServiceMap, selected: SelectedServices)?
  ) {
    indices = outcome.selected
    omittedByPattern = outcome.omittedByPattern
    omittedByLimit = outcome.omittedByLimit
    labels = Self.labels(outcome.selected.map { map.services[$0].port }, family, previous)
  }

  /// Brings the counts up to the ledgers, where those have changed.
  mutating func update(_ map: ServiceMap, _ family: IPFamily, from ledgers: FamilyTracker.Ledgers) {
    func key(_ index: Int) -> ChurnLedger.ServiceKey {
      ChurnLedger.ServiceKey(family: family, port: map.services[index].port)
    }
    if churnRevision != ledgers.churn.revision {
      changes = indices.map { ledgers.churn.services[key($0)] }
      churnRevision = ledgers.churn.revision
    }
    if rewriteRevision != ledgers.rewrites.revision {
      rewritten = indices.map { ledgers.rewrites.services[key($0)] ?? 0 }
      rewriteRevision = ledgers.rewrites.revision
    }
  }

  /// The labels of sorted service ports; those that were rendered before are used again.
  private static func labels(
    _ ports: [ServicePort], _ family: IPFamily,
    _ previous: (map: ServiceMap, selected: SelectedServices)?
  ) -> [LabelSet] {
    var known = zip(previous?.selected.indices ?? [], previous?.selected.labels ?? [])
      .makeIterator()
    var next = known.next()
    return ports.map { port in
      while let candidate = next, let services = previous?.map.services,
        services[candidate.0].port != port, services[candidate.0].port < port
      {
        next = known.next()
      }
      if let candidate = next, previous?.map.services[candidate.0].port == port {
        next = known.next()
        return candidate.1
      }
      return labels(family, port)
    }
  }

  private static func labels(_ family: IPFamily, _ port: ServicePort) -> LabelSet {
    LabelSet([
      "ip_family": family.rawValue, "service_namespace": port.namespace,
      "service_name": port.name, "service_port": port.port, "protocol": port.transport.rawValue,
    ])
  }
}
