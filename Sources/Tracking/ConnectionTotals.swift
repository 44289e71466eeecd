package import Exposition
internal import KubeProxy
internal import Netfilter

/// New connections by endpoint.
package struct EndpointCounts: Sendable {
  package fileprivate(set) var list = EndpointList(services: [], of: 0, labels: [])
  package fileprivate(set) var counts: [UInt64] = []
}

/// The endpoints of a map, service port after service port. Each map has its own object.
package final class EndpointList: Sendable {
  /// For each of the map's services, where its endpoints begin; one more entry ends the last.
  private let starts: [Int32]
  /// The label `endpoint` of each, rendered.
  package let labels: [LabelSet]

  /// - Parameter services: For each endpoint, the index of its service, ascending.
  fileprivate init(services: [Int32], of serviceCount: Int, labels: [LabelSet]) {
    var starts = [Int32](repeating: 0, count: serviceCount + 1)
    for service in services { starts[Int(service) + 1] += 1 }
    for service in 0..<serviceCount { starts[service + 1] += starts[service] }
    self.starts = starts
    self.labels = labels
  }

  package func endpoints(ofServiceAt index: Int) -> Range<Int> {
    Int(starts[index])..<Int(starts[index + 1])
  }
}

/// New connections by endpoint of one family, summed over readings as ``ConnectionTotals`` does it for
/// service ports.
struct EndpointTotals: Sendable {
  private(set) var current = EndpointCounts()
  private var map: ServiceMap?
  /// The endpoints of `current`.
  private var keys: [Key] = []
  /// For each of the map's rules that count connections, the index of its endpoint.
  private var ofRules: [Int32] = []
  /// The sums of endpoints that are gone, should they come back.
  private var gone: [GoneKey: UInt64] = [:]

  private struct Key: Hashable {
    /// The index in the map.
    let service: Int32
    /// Nil where it isn't known, which doesn't happen.
    let destination: AddressTranslation?
  }

  private struct GoneKey: Hashable {
    let service: ServicePort
    let destination: AddressTranslation?
  }

  /// Adds the new connections of each of a map's rules that count them.
  mutating func add(_ newConnections: [UInt64], of map: ServiceMap) {
    if self.map !== map { realign(to: map) }
    for (endpoint, count) in zip(ofRules, newConnections) {
      current.counts[Int(endpoint)] &+= count
    }
  }

  private mutating func realign(to map: ServiceMap) {
    let (former, formerKeys, formerMap) = (current, keys, self.map)
    let positions = arrange(map)
    var labels = [LabelSet?](repeating: nil, count: keys.count)
    let services = (formerMap?.services ?? []).map(\.port)
      .positions(in: map.services.map(\.port))
    for (index, key) in formerKeys.enumerated() {
      let service = services[Int(key.service)].index
      if let service,
        let position = positions[Key(service: Int32(service), destination: key.destination)]
      {
        current.counts[position] = former.counts[index]
        labels[position] = former.list.labels[index]
      } else if former.counts[index] > 0, let port = formerMap?.services[Int(key.service)].port {
        if gone.count >= ConnectionTotals.rememberedServices { gone.removeAll() }
        gone[GoneKey(service: port, destination: key.destination)] = former.counts[index]
      }
    }
    for (position, key) in keys.enumerated() where labels[position] == nil {
      labels[position] = LabelSet(["endpoint": key.destination?.description ?? ""])
      if gone.isEmpty { continue }
      let port = map.services[Int(key.service)].port
      current.counts[position] =
        gone.removeValue(forKey: GoneKey(service: port, destination: key.destination)) ?? 0
    }
    current.list = EndpointList(
      services: keys.map(\.service), of: map.services.count, labels: labels.compactMap(\.self))
    self.map = map
  }

  /// Lists the endpoints of a map, service port after service port, none counted yet. Returns where each is.
  private mutating func arrange(_ map: ServiceMap) -> [Key: Int] {
    let keysOfRules = map.connectionRules.map { rule in
      Key(service: rule.service, destination: map.destination(of: rule)?.plain)
    }
    var known: Set<Key> = []
    keys = keysOfRules.filter { known.insert($0).inserted }.sorted { $0.service < $1.service }
    let positions = Dictionary(uniqueKeysWithValues: zip(keys, keys.indices))
    ofRules = keysOfRules.compactMap { positions[$0].map(Int32.init) }
    current.counts = Array(repeating: 0, count: keys.count)
    return positions
  }
}

extension AddressTranslation {
  /// What of it is an endpoint: the addresses and ports.
  fileprivate var plain: AddressTranslation {
    AddressTranslation(
      flags: flags & 3, first: first, last: last, firstPort: firstPort, lastPort: lastPort)
  }
}

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
    if let last = self.map, map.hasSamePorts(as: last) { self.map = map } else { realign(to: map) }
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
