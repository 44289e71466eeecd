public import Netfilter

/// What one dump of the connection table shows of a family's service ports: how many connections each
/// endpoint has, and which ones the rules no longer explain.
///
///     var census = ConnectionCensus(destinations, isLocal: isLocal, former: traffic, elapsed: 30)
///     try reader.forEachTranslated(.ipv4) { census.take($0) }
///     traffic = census.takeTraffic()
public struct ConnectionCensus {
  /// The connections of each endpoint, as ``ServiceDestinations`` numbers them.
  public private(set) var connections: [Int32]
  /// Connections to endpoints that rules send nobody to, by service port and endpoint.
  public private(set) var stale: [Stale: StaleCounts] = [:]
  private let destinations: ServiceDestinations
  private let isLocal: (IPAddress) -> Bool
  private var former: ConnectionTraffic
  private let elapsed: Double
  private var seen: [ConnectionTraffic.Entry] = []

  /// A service port, by its index, and where its connections go.
  public struct Stale: Sendable, Hashable {
    public let service: Int
    public let endpoint: ServiceDestinations.Destination
  }

  /// So many connections are compared with the dump before. There are more only where a client opens
  /// new ones all the time.
  public static let mostCompared = 100_000

  /// - Parameters:
  ///   - isLocal: Whether an address is the node's. It is not asked about 127.0.0.0/8.
  ///   - former: What was kept of the dump before; empty where there was none.
  ///   - elapsed: The seconds from the end of that dump to the beginning of this one.
  public init(
    _ destinations: ServiceDestinations, isLocal: @escaping (IPAddress) -> Bool,
    former: ConnectionTraffic = ConnectionTraffic(), elapsed: Double = 0
  ) {
    self.destinations = destinations
    self.isLocal = isLocal
    self.former = former
    self.elapsed = elapsed
    connections = Array(repeating: 0, count: destinations.endpointCount)
  }

  /// Hands over what is kept of stale connections for the next dump, once all were counted. The census
  /// forgets it, and the dump before.
  public mutating func takeTraffic() -> ConnectionTraffic {
    // Sorting must not copy.
    var entries: [ConnectionTraffic.Entry] = []
    swap(&entries, &seen)
    former = ConnectionTraffic()
    return ConnectionTraffic(entries)
  }

  /// Counts a connection.
  ///
  /// - Returns: The service port and the endpoint if the connection is stale.
  @discardableResult
  public mutating func take(_ connection: TranslatedConnection) -> Stale? {
    let asked = ServiceDestinations.Destination(
      address: connection.destination, port: connection.destinationPort)
    guard
      let service = destinations.service(
        at: asked, connection.ipProtocol,
        isLocal: asked.address.isLoopback || isLocal(asked.address))
    else { return nil }
    let endpoint = ServiceDestinations.Destination(
      address: connection.endpoint, port: connection.endpointPort)
    if let index = destinations.endpoint(endpoint, ofServiceAt: service) {
      connections[index] += 1
      return nil
    }
    guard destinations.isStale(endpoint, ofServiceAt: service) else { return nil }
    let entry = ConnectionTraffic.Entry(connection)
    if seen.count < Self.mostCompared { seen.append(entry) }
    let isBlackholed = entry.carriesUnanswered(since: former[entry.key], elapsed)
    let place = Stale(service: service, endpoint: endpoint)
    stale[place, default: StaleCounts()].add(connection, isBlackholed: isBlackholed)
    return place
  }
}

/// Connections that rules no longer explain.
public struct StaleCounts: Sendable, Hashable {
  /// Those that no answer has been seen of.
  public private(set) var unreplied = 0
  /// The others.
  public private(set) var replied = 0
  /// Those of both that carried packets since the dump before, which nobody answered.
  public private(set) var blackholed = 0

  public init() {}

  public var total: Int { unreplied + replied }

  /// Counts a connection.
  public mutating func add(_ connection: TranslatedConnection, isBlackholed: Bool) {
    if connection.isReplied { replied += 1 } else { unreplied += 1 }
    if isBlackholed { blackholed += 1 }
  }

  public static func += (left: inout StaleCounts, right: StaleCounts) {
    left.unreplied += right.unreplied
    left.replied += right.replied
    left.blackholed += right.blackholed
  }
}

/// The service ports of one reading of a family, as connections are judged by them.
public struct JudgedFamily: Sendable {
  public let family: IPFamily
  /// Sorted. Their indices are those of ``destinations``.
  public let ports: [ServicePort]
  public let destinations: ServiceDestinations

  /// - Parameter map: The service ports of the snapshot.
  public init(_ snapshot: FamilySnapshot, _ map: ServiceMap) {
    family = snapshot.family
    ports = map.services.map(\.port)
    destinations = ServiceDestinations(
      map, nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content)
  }

  /// Whether rules send the service port's clients to no such endpoint. False for a service port that rules no
  /// longer know.
  public func isStale(_ endpoint: ServiceDestinations.Destination, of port: ServicePort) -> Bool {
    guard let service = ports.sortedIndex(of: port) else { return false }
    return destinations.isStale(endpoint, ofServiceAt: service)
  }
}
