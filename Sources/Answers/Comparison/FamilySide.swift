internal import KubeProxy
internal import Netfilter

/// One address family on one side of a comparison: the tables that both sides have, and whose their
/// rules are.
struct FamilySide {
  let snapshot: FamilySnapshot
  let map: ServiceMap

  /// - Parameter previous: the other side's map, of which the same chains need not be read again.
  init(_ snapshot: FamilySnapshot, previous: ServiceMap? = nil) {
    self.snapshot = snapshot
    map = ServiceMap(
      nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content,
      previous: previous)
  }

  /// Whose the rule is at a position of a chain; nil where it belongs to no service port.
  func owner(_ table: TableContent, chain: Int, _ position: Int) -> ServicePort? {
    ownerIndex(table, rule: table.firstRules[chain] + position).map { map.services[$0].port }
  }

  /// The index in the map of whose the rule is, by its position over all chains.
  func ownerIndex(_ table: TableContent, rule: Int) -> Int? {
    let owners =
      switch table.name {
      case .nat: map.natOwners
      case .filter: map.filterOwners
      default: [] as [Int32]
      }
    guard rule < owners.count, owners[rule] >= 0 else { return nil }
    return Int(owners[rule])
  }
}
