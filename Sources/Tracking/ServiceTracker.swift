internal import Churn
internal import KubeProxy
internal import Netfilter
internal import Platform

/// Follows the service ports of one address family from reading to reading, through whichever backend
/// kube-proxy uses.
struct ServiceTracker {
  private let family: IPFamily
  private let selection: ServiceSelection
  private var connections = ConnectionTotals()
  private var last: (map: ServiceMap, gauges: ServiceGauges)?
  private var changes = ServiceCounts<ChangeCounts>()
  private var rewritten = ServiceCounts<UInt64>()
  private var fingerprint: UInt64 = 0
  private var names = ServiceSelection.Names()
  /// Nil where nobody wants to know; so are the next two.
  private var anomalies: AnomalyTracker?
  private var beginnings: ServiceBeginnings?
  private var endpoints: EndpointTotals?

  /// - Parameter beginning: When counting began; nil where nobody wants to know.
  init(family: IPFamily, _ subjects: TrackedSubjects, since beginning: Double?) {
    self.family = family
    selection = subjects.services
    endpoints = subjects.kinds.contains(.endpoints) ? EndpointTotals() : nil
    anomalies = subjects.kinds.contains(.anomalies) ? AnomalyTracker() : nil
    beginnings = beginning.map { ServiceBeginnings(family, since: $0) }
  }

  /// Takes in the service ports of a reading of that time.
  ///
  /// - Parameter other: The family in the backend that kube-proxy doesn't use, if it was read.
  mutating func take(
    _ services: FamilyState.Services, of snapshot: FamilySnapshot, beside other: FamilySnapshot?,
    _ mode: KubeProxyMode, at time: Moment, ledger: ChurnLedger, within budget: inout MatchingBudget
  ) -> ServiceState {
    let map = services.map
    let isOther = last?.map !== map
    let (inspection, newFingerprint) = Parallel.both(
      isLarge: isOther && snapshot.isLarge
    ) { [anomalies] in
      anomalies?.inspect(snapshot, beside: other, map: map, mode: mode)
    } _: {
      isOther ? map.fingerprint(filter: snapshot.table(.filter)?.content) : nil
    }
    if let newFingerprint { fingerprint = newFingerprint }
    connections.add(services.newConnections, of: map)
    endpoints?.add(services.newConnections, of: map)
    beginnings?.take(map, former: last?.map, ledger, at: time)
    let gauges = gauges(of: map, Set(snapshot.tables.map(\.name)), within: &budget)
    if gauges.selected !== last?.gauges.selected {
      changes = ServiceCounts()
      rewritten = ServiceCounts()
    }
    changes.update(gauges.selected, map, family, from: ledger.services)
    rewritten.update(gauges.selected, map, family, from: ledger.rewrittenServices)
    last = (map, gauges)
    return ServiceState(
      family: family, map: map, gauges: gauges, changes: changes, rewritten: rewritten,
      patternFailure: names.failure,
      connections: connections.current, endpoints: endpoints?.current,
      fingerprint: fingerprint,
      anomalies: inspection.flatMap { anomalies?.take($0, of: snapshot, at: time) })
  }

  /// The gauges; the last object if nothing in them changed.
  private mutating func gauges(
    of map: ServiceMap, _ tables: Set<TableName>, within budget: inout MatchingBudget
  ) -> ServiceGauges {
    let selected = selected(from: map, within: &budget)
    if let last, last.gauges.selected === selected, last.gauges.tables == tables,
      last.map === map || last.map.services == map.services
    {
      return last.gauges
    }
    return ServiceGauges(selected: selected, tables: tables)
  }

  /// The service ports that have series of their own; the last object if they are the same.
  private mutating func selected(
    from map: ServiceMap, within budget: inout MatchingBudget
  ) -> SelectedServices {
    if let last, last.map === map, names.failure?.isFinal != false {
      return last.gauges.selected
    }
    let outcome = selection.select(
      from: map.services, remembering: &names, within: &budget)
    if let last, map.hasSamePorts(as: last.map), last.gauges.selected.indices == outcome.selected {
      return last.gauges.selected
    }
    return SelectedServices(
      of: map, family: family, outcome: outcome,
      beginnings: beginnings?.times(of: outcome.selected, in: map) ?? [],
      previous: last.map { ($0.map, $0.gauges.selected) })
  }
}

/// When the counters of each service port of one address family began.
private struct ServiceBeginnings {
  private let family: IPFamily
  /// Times of the service ports that are there. A service port that is gone keeps its time while it has totals,
  /// because it may come back.
  private var times: [ServicePort: Double] = [:]
  /// The time of the last reading, or when counting began. A service port that is new in the next reading had
  /// counted 0 then.
  private var last: Double

  init(_ family: IPFamily, since beginning: Double) {
    self.family = family
    last = beginning
  }

  /// Takes in the service ports of a reading of that time.
  ///
  /// - Parameter former: The map of the last reading.
  mutating func take(
    _ map: ServiceMap, former: ServiceMap?, _ ledger: ChurnLedger, at time: Moment
  ) {
    defer { last = time.wallClock }
    if let former, map.hasSamePorts(as: former) { return }
    let present = Set(map.services.lazy.map(\.port))
    times = times.filter { port, _ in
      present.contains(port)
        || ledger.hasCounted(ChurnLedger.ServiceKey(family: family, port: port))
    }
    for port in present where times[port] == nil { times[port] = last }
  }

  /// Those of the map's service ports at these indices.
  func times(of indices: [Int], in map: ServiceMap) -> [Double] {
    indices.map { times[map.services[$0].port] ?? last }
  }
}
