internal import KubeProxy
internal import Netfilter

/// Follows the service ports of one address family from reading to reading, through whichever backend
/// kube-proxy uses.
struct ServiceTracker {
  private let family: IPFamily
  private let selection: ServiceSelection
  private var connections = ConnectionTotals()
  private var last: (map: ServiceMap, selected: SelectedServices)?
  private var verdicts = ServiceSelection.Verdicts()

  init(family: IPFamily, selection: ServiceSelection) {
    self.family = family
    self.selection = selection
  }

  /// Takes in a reading's service ports.
  mutating func take(
    _ services: FamilyState.Services, tables: [TableName], ledgers: FamilyTracker.Ledgers
  ) -> ServiceState {
    let map = services.map
    connections.add(services.newConnections, of: map)
    var selected = selected(from: map)
    selected.update(map, family, from: ledgers)
    last = (map, selected)
    return ServiceState(
      family: family, map: map, tables: Set(tables), selected: selected,
      connections: connections.current)
  }

  private mutating func selected(from map: ServiceMap) -> SelectedServices {
    if let last, last.map === map { return last.selected }
    return SelectedServices(
      of: map, family: family,
      outcome: selection.select(from: map.services, remembering: &verdicts), previous: last)
  }
}
