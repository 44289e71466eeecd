internal import KubeProxy
internal import Netfilter
internal import Platform

/// Follows the service ports of one address family from reading to reading, through whichever backend
/// kube-proxy uses.
struct ServiceTracker {
  private let family: IPFamily
  private let selection: ServiceSelection
  /// Nil where nobody wants to know.
  private var endpoints: EndpointTotals?
  private var connections = ConnectionTotals()
  private var last: (map: ServiceMap, selected: SelectedServices)?
  private var tables: Set<TableName> = []
  private var fingerprint: UInt64 = 0
  private var hookJumps: [HookJump] = []
  private var mapRevision: UInt64 = 0
  private var gaugesRevision: UInt64 = 0
  private var selectionRevision: UInt64 = 0
  private var verdicts = ServiceSelection.Verdicts()
  private var patternFailure: MatchingError?
  /// Nil where nobody wants to know.
  private var anomalies: AnomalyTracker?

  init(family: IPFamily, _ subjects: TrackedSubjects) {
    self.family = family
    selection = subjects.services
    endpoints = subjects.kinds.contains(.endpoints) ? EndpointTotals() : nil
    anomalies = subjects.kinds.contains(.anomalies) ? AnomalyTracker() : nil
  }

  /// Takes in the service ports of a reading of that time.
  ///
  /// - Parameter budget: what patterns may take.
  mutating func take(
    _ services: FamilyState.Services, of snapshot: FamilySnapshot, _ mode: KubeProxyMode,
    at time: Moment, ledgers: FamilyTracker.Ledgers, within budget: inout MatchingBudget
  ) -> ServiceState {
    let map = services.map
    if last?.map !== map {
      mapRevision += 1
      fingerprint = map.fingerprint(filter: snapshot.table(.filter)?.content)
      hookJumps = HookJump.all(in: snapshot)
    }
    connections.add(services.newConnections, of: map)
    endpoints?.add(services.newConnections, of: map)
    var selected = selected(from: map, within: &budget)
    selected.update(map, family, from: ledgers)
    revise(map, selected, Set(snapshot.tables.map(\.name)))
    last = (map, selected)
    return ServiceState(
      family: family, map: map, tables: self.tables, selected: selected,
      patternFailure: patternFailure,
      connections: connections.current, endpoints: endpoints?.current,
      fingerprint: fingerprint, hookJumps: hookJumps,
      anomalies: anomalies?.take(snapshot, map: map, mode: mode, at: time),
      mapRevision: mapRevision,
      gaugesRevision: gaugesRevision, selectionRevision: selectionRevision)
  }

  /// Notes what differs from the last reading.
  private mutating func revise(
    _ map: ServiceMap, _ selected: SelectedServices, _ tables: Set<TableName>
  ) {
    let hasSameServices = last.map { $0.map === map || $0.map.services == map.services } ?? false
    let hasSameSelection =
      last.map { map.hasSamePorts(as: $0.map) && $0.selected.indices == selected.indices } ?? false
    if !hasSameServices || !hasSameSelection || self.tables != tables { gaugesRevision += 1 }
    if !hasSameSelection { selectionRevision += 1 }
    self.tables = tables
  }

  private mutating func selected(
    from map: ServiceMap, within budget: inout MatchingBudget
  ) -> SelectedServices {
    if let last, last.map === map, patternFailure?.reason != .noTimeLeft { return last.selected }
    let outcome = selection.select(
      from: map.services, remembering: &verdicts, within: &budget)
    patternFailure = outcome.failure
    return SelectedServices(of: map, family: family, outcome: outcome, previous: last)
  }
}
