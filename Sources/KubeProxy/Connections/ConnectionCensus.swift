public import Netfilter

/// What one dump of the connection table shows of a family's service ports: how many connections each
/// endpoint has, and which ones the rules no longer explain.
///
///     var census = ConnectionCensus(destinations, isLocal: isLocal, former: lastOne.traffic, elapsed: 30)
///     try reader.forEachTranslated(.ipv4) { census.take($0) }
public struct ConnectionCensus {
  /// The connections of each endpoint, as ``ServiceDestinations`` numbers them.
  public private(set) var connections: [Int32]
  /// Connections to endpoints that rules send nobody to, by service port and endpoint.
  public private(set) var stale: [Stale: StaleCounts] = [:]
  /// What is kept of each of those for the next dump.
  public private(set) var traffic: [UInt64: Traffic] = [:]
  private let destinations: ServiceDestinations
  private let isLocal: (IPAddress) -> Bool
  private let former: [UInt64: Traffic]
  private let elapsed: Double

  /// A service port, by its index, and where its connections go.
  public struct Stale: Sendable, Hashable {
    public let service: Int
    public let endpoint: ServiceDestinations.Destination
  }

  /// What an entry of the table shows of its packets.
  public struct Traffic: Sendable, Hashable {
    fileprivate let timeout: UInt32
    fileprivate let packets: TranslatedConnection.Packets?
  }

  /// So many connections are compared with the dump before. There are more only where a client opens
  /// new ones all the time.
  public static let mostCompared = 100_000

  /// - Parameters:
  ///   - isLocal: Whether an address is the node's.
  ///   - former: What was kept of the dump before; empty where there was none.
  ///   - elapsed: The seconds since then.
  public init(
    _ destinations: ServiceDestinations, isLocal: @escaping (IPAddress) -> Bool,
    former: [UInt64: Traffic] = [:], elapsed: Double = 0
  ) {
    self.destinations = destinations
    self.isLocal = isLocal
    self.former = former
    self.elapsed = elapsed
    connections = Array(repeating: 0, count: destinations.endpointCount)
  }

  /// Whether rules send the service port's clients to no such endpoint.
  public func isStale(_ endpoint: ServiceDestinations.Destination, ofServiceAt service: Int) -> Bool
  {
    destinations.isStale(endpoint, ofServiceAt: service)
  }

  /// Counts a connection.
  ///
  /// - Returns: The service port and the endpoint if the connection is stale.
  @discardableResult
  public mutating func take(_ connection: TranslatedConnection) -> Stale? {
    guard let service = destinations.service(of: connection, isLocal) else { return nil }
    let endpoint = ServiceDestinations.Destination(
      address: connection.endpoint, port: connection.endpointPort)
    if let index = destinations.endpoint(endpoint, ofServiceAt: service) {
      connections[index] += 1
      return nil
    }
    guard destinations.isStale(endpoint, ofServiceAt: service) else { return nil }
    let key = connection.key
    let isBlackholed =
      former[key].map { connection.carriesUnanswered(since: $0, elapsed) } ?? false
    if traffic.count < Self.mostCompared {
      traffic[key] = Traffic(timeout: connection.timeout, packets: connection.packets)
    }
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

extension ServiceDestinations {
  /// The index of the service port that the client asked for.
  fileprivate func service(
    of connection: TranslatedConnection, _ isLocal: (IPAddress) -> Bool
  ) -> Int? {
    service(
      at: Destination(address: connection.destination, port: connection.destinationPort),
      connection.ipProtocol, isLocal: isLocal(connection.destination))
  }
}

extension TranslatedConnection {
  /// What tells it apart from others; as good as the connection itself in this process.
  fileprivate var key: UInt64 {
    var hasher = Hasher()
    hasher.combine(ipProtocol)
    hasher.combine(client)
    hasher.combine(clientPort)
    hasher.combine(destination)
    hasher.combine(destinationPort)
    hasher.combine(endpoint)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  /// Whether packets came since the dump before, and no answer.
  ///
  /// A packet renews the entry's timeout. Where the kernel doesn't count packets, that doesn't tell who
  /// sent it. Then a TCP connection is taken for answered unless data waits to be acknowledged: the kernel
  /// gives such a connection five minutes, and any other one days. An UDP endpoint that is gone can't answer.
  fileprivate func carriesUnanswered(since former: ConnectionCensus.Traffic, _ elapsed: Double)
    -> Bool
  {
    if let packets, let before = former.packets {
      return packets.sent > before.sent && packets.answered <= before.answered
    }
    // Timeouts are whole seconds, and the dumps take time.
    let isRenewed = Double(timeout) > Double(former.timeout) - elapsed + 2
    let mayBeAnswered = ipProtocol != 17 && isReplied && timeout > Self.unacknowledgedTimeout
    return isRenewed && !mayBeAnswered
  }

  /// `net.netfilter.nf_conntrack_tcp_timeout_unacknowledged`, in seconds.
  private static let unacknowledgedTimeout: UInt32 = 300
}
