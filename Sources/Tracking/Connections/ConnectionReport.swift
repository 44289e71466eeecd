package import IPTablesSource
package import KubeProxy
package import Netfilter

/// What the last dump of the connection table came to. It never changes; another dump makes another.
package final class ConnectionReport: Sendable {
  /// Sorted by family.
  package let families: [Family]
  /// Why the table could not be dumped; nil where it was, or nobody may ask the kernel.
  package let failure: ReadingError?

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

  init(families: [Family], failure: ReadingError?) {
    self.families = families
    self.failure = failure
  }
}

extension RulesetState {
  /// The service ports of each family, as connections are judged by them.
  var judgedFamilies: [JudgedFamily] {
    services.compactMap { services in
      snapshot(of: services).map { JudgedFamily($0, services.map) }
    }
  }
}
