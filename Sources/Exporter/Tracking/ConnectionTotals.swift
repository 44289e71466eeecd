internal import KubeProxy

/// New connections by service port of one family, summed over readings and over whichever backend
/// kube-proxy used at each, so that the sum never falls.
struct ConnectionTotals: Sendable {
  /// For each of the map's services, in its order.
  private(set) var current: [UInt64] = []
  private var map: ServiceMap?
  /// The sums of all service ports that were ever seen, as of the last change of the map.
  private var totals: [ServicePort: UInt64] = [:]

  /// Adds the new connections of each of a map's rules that count them.
  mutating func add(_ newConnections: [UInt64], of map: ServiceMap) {
    if let last = self.map, last !== map, map.hasSamePorts(as: last) {
      self.map = map
    } else if self.map !== map {
      realign(to: map)
    }
    for (rule, count) in zip(map.connectionRules, newConnections) {
      current[Int(rule.service)] &+= count
    }
  }

  private mutating func realign(to map: ServiceMap) {
    for (service, sum) in zip(self.map?.services ?? [], current) { totals[service.port] = sum }
    if totals.count > map.services.count + Self.rememberedServices {
      let present = Set(map.services.lazy.map(\.port))
      totals = totals.filter { present.contains($0.key) }
    }
    current = map.services.map { totals[$0.port] ?? 0 }
    self.map = map
  }

  /// How many service ports that are gone are remembered, should they come back.
  static let rememberedServices = 10_000
}
