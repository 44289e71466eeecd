public import Console
public import KubeProxy
public import Netfilter

/// Connections of a rule set's service ports to endpoints that no rule leads to.
///
///     var stale = StaleConnections(of: ruleset, selection: nil, isLocal: isLocal)
///     for family in stale.families { try reader.forEachTranslated(family) { stale.take($0, family) } }
public struct StaleConnections {
  /// Those of one service port to one endpoint.
  public struct Group: Sendable {
    public let family: IPFamily
    public let servicePort: ServicePort
    public let endpoint: ServiceDestinations.Destination
    public fileprivate(set) var counts = StaleCounts()
    /// How many each client has.
    fileprivate var clients: [IPAddress: Int] = [:]
    /// At which addresses clients asked for the service port.
    fileprivate var asked: Set<ServiceDestinations.Destination> = []

    /// The clients, those with most connections first.
    public var clientCounts: [(client: IPAddress, connections: Int)] {
      clients.sorted { ($1.value, $0.key.high, $0.key.low) < ($0.value, $1.key.high, $1.key.low) }
        .map { ($0.key, $0.value) }
    }
  }

  private let selection: ((ServicePort) -> Bool)?
  private var judged: [IPFamily: (services: JudgedFamily, census: ConnectionCensus)] = [:]
  private var found: [ConnectionCensus.Stale: Group] = [:]

  /// - Parameters:
  ///   - selection: The service ports that are asked for; nil for all.
  ///   - isLocal: Whether an address is the node's.
  public init(
    of ruleset: Ruleset, selection: ((ServicePort) -> Bool)? = nil,
    isLocal: @escaping (IPAddress) -> Bool
  ) {
    self.selection = selection
    for snapshot in ruleset.families {
      let services = JudgedFamily(snapshot, ServiceMap(of: snapshot))
      let census = ConnectionCensus(services.destinations, isLocal: isLocal)
      judged[snapshot.family] = (services, census)
    }
  }

  /// The families that have rules.
  public var families: [IPFamily] { judged.keys.sorted() }

  /// Takes in a connection.
  public mutating func take(_ connection: TranslatedConnection, _ family: IPFamily) {
    guard let place = judged[family]?.census.take(connection),
      let port = judged[family]?.services.ports[place.service], selection?(port) ?? true
    else { return }
    let new = Group(family: family, servicePort: port, endpoint: place.endpoint)
    found[place, default: new].add(connection)
  }

  /// Returns what was found, as far as a later reading of the rules confirms it. Rules may have changed while
  /// connections were read.
  ///
  /// - Returns: Sorted by service port, family and endpoint.
  public func groups(confirmedBy later: StaleConnections) -> [Group] {
    found.values.filter { group in
      later.judged[group.family]?.services.isStale(group.endpoint, of: group.servicePort) ?? false
    }.sorted {
      ($0.servicePort, $0.family, $0.endpoint) < ($1.servicePort, $1.family, $1.endpoint)
    }
  }
}

extension StaleConnections.Group {
  fileprivate mutating func add(_ connection: TranslatedConnection) {
    counts.add(connection, isBlackholed: false)
    clients[connection.client, default: 0] += 1
    asked.insert(
      ServiceDestinations.Destination(
        address: connection.destination, port: connection.destinationPort))
  }

  /// The commands that delete these entries, so that clients get an endpoint that is there.
  public var deletions: [String] {
    let ipProtocol = servicePort.transport.rawValue.lowercased()
    let option = family == .ipv6 ? " -f ipv6" : ""
    return asked.sorted().map { asked in
      "conntrack -D\(option) -p \(ipProtocol) --orig-dst \(asked.address) --orig-port-dst \(asked.port) "
        + "--reply-src \(endpoint.address) --reply-port-src \(endpoint.port)"
    }
  }
}

extension [StaleConnections.Group] {
  private static var mostClients: Int { 5 }

  /// Writes them for people.
  ///
  /// - Parameter advises: Whether it says what to do.
  public func write(to text: inout TerminalWriter, advises: Bool) {
    if isEmpty {
      text.line("no connections of service ports to endpoints that no rule leads to", .good)
      return
    }
    for group in self {
      text.write("\(group.servicePort)", .strong)
      text.write(" (\(group.servicePort.transport.rawValue)): ")
      text.write(Wording.count(group.counts.total, "connection"), .bad)
      text.line(
        " to \(group.endpoint), which no rule leads to; \(group.counts.unreplied) unreplied")
      let clients = group.clientCounts
      for (client, count) in clients.prefix(Self.mostClients) {
        text.line("    \(client): \(Wording.count(count, "connection"))")
      }
      if clients.count > Self.mostClients {
        let rest = Wording.count(clients.count - Self.mostClients, "client")
        text.line("    … and \(rest) more; --format json has them all", .faint)
      }
      if advises {
        text.line("  To let the clients connect anew:")
        for command in group.deletions { text.line("    \(command)") }
      }
    }
  }

  /// Writes them for machines, as Documentation/answers.md describes it.
  public func write(to json: inout JSONWriter) {
    json.answer { writeMember(to: &$0) }
  }

  /// Writes them as the array `stale_connections`.
  func writeMember(to json: inout JSONWriter) {
    json.member("stale_connections", objects: self) { group, json in
      json.member("ip_family", .string(group.family.rawValue))
      json.member("service", strings: group.servicePort.parts)
      json.member("endpoint", .string(group.endpoint.description))
      json.member("unreplied", .integer(group.counts.unreplied))
      json.member("replied", .integer(group.counts.replied))
      json.member("clients", objects: group.clientCounts) { client, json in
        json.member("address", .string("\(client.client)"))
        json.member("connections", .integer(client.connections))
      }
      json.member("deletions", elements: group.deletions.map { .string($0) })
    }
  }
}
