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
  let changes: [ChangeCounts]
  let omittedByPattern: Int
  let omittedByLimit: Int
  /// The revision of the ledger that the changes come from.
  let ledgerRevision: UInt64

  /// - Parameter labels: the labels, where the same service ports were selected before.
  init(
    of map: ServiceMap, family: IPFamily, by selection: ServiceSelection, ledger: ChurnLedger,
    labels known: [LabelSet]?
  ) {
    let outcome = selection.select(from: map.services)
    indices = outcome.selected
    omittedByPattern = outcome.omittedByPattern
    omittedByLimit = outcome.omittedByLimit
    labels =
      known
      ?? outcome.selected.map { Self.labels(family, map.services[$0].port) }
    changes = outcome.selected.map {
      ledger.services[ChurnLedger.ServiceKey(family: family, port: map.services[$0].port)]
    }
    ledgerRevision = ledger.revision
  }

  private static func labels(_ family: IPFamily, _ port: ServicePort) -> LabelSet {
    LabelSet([
      "ip_family": family.rawValue, "service_namespace": port.namespace,
      "service_name": port.name, "service_port": port.port, "protocol": port.transport.rawValue,
    ])
  }
}
