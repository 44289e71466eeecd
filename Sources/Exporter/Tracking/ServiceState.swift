internal import KubeProxy
internal import Netfilter
internal import Platform

/// The service ports of one address family, in the backend that kube-proxy uses.
struct ServiceState: Sendable {
  let family: IPFamily
  let map: ServiceMap
  /// The tables that were read.
  let tables: Set<TableName>
  let selected: SelectedServices
  /// Why it isn't known of a service port whether it is selected.
  let patternFailure: MatchingError?
  /// The connections of each of the map's service ports since the exporter started.
  let connections: [UInt64]
  /// Their endpoints'; nil where nobody wants to know.
  let endpoints: EndpointCounts?
  /// What nodes that are in step agree on.
  let fingerprint: UInt64
  let hookJumps: [HookJump]
  /// Nil where nobody wants to know.
  let anomalies: AnomalyState?
  /// Rises with every other interpretation of the rules.
  let mapRevision: UInt64
  /// Rises when a value changed that comes from the rules as they are.
  let gaugesRevision: UInt64
  /// Rises when other service ports are selected.
  let selectionRevision: UInt64
}
