import IPTablesSource
import Netfilter
import Synchronization
import TestSupport
import Testing

/// What the kernel has at one time: rules and entries as the exporter reads them, and what conntrack lists, from
/// which it follows what the exporter has to say. Slow and obvious.
struct LiveLook {
  let reading: FamilyReading
  let entries: [TranslatedConnection]
  let listed: [ListedConnection]
  let seconds: Double
  /// Where stale connections go.
  private(set) var stalePlaces: Set<Place> = []
  /// By the labels of the metrics.
  private(set) var stale: [Scrape.Labels: Double] = [:]
  private(set) var blackholed: [Scrape.Labels: Double] = [:]
  private(set) var connections: [Scrape.Labels: Double] = [:]
  private let family: IPFamily

  struct Place: Hashable, Comparable {
    let service: LiveCluster.Service
    let endpoint: String

    static func < (left: Self, right: Self) -> Bool {
      (left.service.number, left.endpoint) < (right.service.number, right.endpoint)
    }
  }

  /// Looks at this thread's network namespace.
  ///
  /// - Parameters:
  ///   - goingOn: The ports of the clients that have sent since the last look.
  ///   - answering: The endpoints that have answered them, as far as the kernel shows it.
  init(
    _ cluster: LiveCluster, _ backend: Backend, _ reader: ConntrackReader, seconds: Double,
    goingOn: Set<UInt16>, answering: Set<String>
  ) throws {
    family = cluster.family
    self.seconds = seconds
    let source = backend.source(tables: [.nat, .filter], families: [cluster.family])
    reading = try #require(source.read().first)
    var entries: [TranslatedConnection] = []
    #expect(try reader.forEachTranslated(cluster.family) { entries.append($0) })
    self.entries = entries
    listed = try ListedConnection.all(cluster.family)
    for service in cluster.services {
      let labels = [
        "ip_family": cluster.family.rawValue, "service_namespace": "live",
        "service_name": service.name, "service_port": "",
        "protocol": service.transport.uppercased(),
      ]
      for endpoint in service.endpoints {
        connections[labels.merging(["endpoint": endpoint]) { $1 }] = 0
      }
      for connection in listed where connection.transport == service.transport {
        let isItsOwn =
          connection.asked == (service.address, service.port)
          || connection.asked == (cluster.node, service.nodePort ?? 0)
        guard isItsOwn else { continue }
        let endpoint = connection.endpointText
        if service.endpoints.contains(endpoint) {
          connections[labels.merging(["endpoint": endpoint]) { $1 }, default: 0] += 1
          continue
        }
        stalePlaces.insert(Place(service: service, endpoint: endpoint))
        for state in ["unreplied", "replied"] {
          let isIt = connection.isUnreplied == (state == "unreplied")
          stale[labels.merging(["state": state]) { $1 }, default: 0] += isIt ? 1 : 0
        }
        let isBlackholed =
          goingOn.contains(connection.clientPort) && service.transport == "udp"
          && !answering.contains(endpoint)
        blackholed[labels, default: 0] += isBlackholed ? 1 : 0
      }
    }
  }

  /// Compares with a scrape.
  func check(_ metrics: Scrape) {
    #expect(entries.count == listed.count)
    #expect(metrics.all("iptables_service_stale_connections") == stale)
    #expect(metrics.all("iptables_service_blackholed_connections") == blackholed)
    #expect(metrics.all("iptables_endpoint_tracked_connections") == connections)
    for state in ["unreplied", "replied"] {
      #expect(
        metrics["iptables_stale_connections", ["ip_family": family.rawValue, "state": state]]
          == stale.reduce(0) { $1.key["state"] == state ? $0 + $1.value : $0 })
    }
  }
}

/// A source whose readings are what the test says they are.
final class StagedSource: RulesetSource {
  /// Shared with the test.
  final class Stage: Sendable {
    fileprivate let reading = Mutex<FamilyReading?>(nil)

    func show(_ reading: FamilyReading) { self.reading.withLock { $0 = reading } }
  }

  private let stage: Stage

  init(_ stage: Stage) { self.stage = stage }

  func read(_ counters: CounterSelection) -> RulesetReading {
    RulesetReading(families: [stage.reading.withLock(\.self)].compactMap(\.self))
  }

  func mayHaveChanged() -> Bool { true }
}
