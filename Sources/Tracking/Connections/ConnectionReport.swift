package import IPTablesSource
package import KubeProxy
package import Netfilter

/// What the last dump of the connection table came to. It never changes; another dump makes another.
package final class ConnectionReport: Sendable {
  /// Sorted by family.
  package let families: [Family]
  /// Why the table could not be dumped; nil where it was, or nobody may ask the kernel.
  package let failure: ReadingError?
  package let time: Moment

  package struct Family: Sendable {
    package let family: IPFamily
    /// Connections that the rules no longer explain, of service ports that have any.
    package let stale: [ServicePort: StaleCounts]
    /// The connections of each endpoint, by its destination; empty where nobody wants to know.
    package let endpoints: [ServicePort: [(endpoint: String, connections: Int)]]

    package var total: StaleCounts {
      stale.values.reduce(into: StaleCounts()) { $0 += $1 }
    }
  }

  init(families: [Family], failure: ReadingError?, time: Moment) {
    self.families = families
    self.failure = failure
    self.time = time
  }
}

/// The service ports of one reading of a family, as connections are judged by them.
struct JudgedFamily: Sendable {
  let family: IPFamily
  let ports: [ServicePort]
  let destinations: ServiceDestinations

  init(_ services: ServiceState, _ snapshot: FamilySnapshot) {
    family = services.family
    ports = services.map.services.map(\.port)
    destinations = ServiceDestinations(
      services.map, nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content)
  }

  /// Whether rules send the service port's clients to no such endpoint. A service port that rules no longer
  /// know has none.
  func isStale(_ endpoint: ServiceDestinations.Destination, of port: ServicePort) -> Bool {
    guard let service = ports.sortedIndex(of: port) else { return false }
    return destinations.isStale(endpoint, ofServiceAt: service)
  }
}

extension RulesetState {
  /// The service ports of each family, as connections are judged by them.
  var judgedFamilies: [JudgedFamily] {
    services.compactMap { services in
      let reading = readFamilies.first { $0.reading.services?.map === services.map }?.reading
      return reading.map { JudgedFamily(services, $0.snapshot) }
    }
  }
}
