public import KubeProxy
public import Netfilter

/// What the rules of one family say of a service port.
public struct ServiceReport: Sendable {
  let service: Service
  public let family: IPFamily
  /// In the order of the rules, each once.
  public fileprivate(set) var addresses: [ServiceAddress] = []
  public fileprivate(set) var nodePorts: [UInt16] = []
  /// What rules keep from the service port.
  public fileprivate(set) var blockedTraffic: Set<BlockedTraffic> = []
  /// The chains that balance over endpoints.
  public fileprivate(set) var balancing: [ServiceChainEndpoints] = []
  /// For how many seconds a client stays with an endpoint, ascending; none where it doesn't.
  public fileprivate(set) var affinity: [UInt32] = []
  /// New connections, as the DNAT rules of its endpoints have counted them since they were written.
  public fileprivate(set) var connections: UInt64 = 0
  /// The same for each chain of the family's nat, whichever chain led there.
  fileprivate var connectionsByChain: [UInt64] = []
  /// The rules that dispatch to it, or block it.
  public fileprivate(set) var dispatch: [Rules] = []
  /// Its own chains, in nat's order.
  public fileprivate(set) var chains: [Rules] = []

  fileprivate init(_ service: Service, _ family: IPFamily) {
    self.service = service
    self.family = family
  }

  public var port: ServicePort { service.port }
  public var natRules: Int { service.natRules }
  public var blocked: [BlockReason] { BlockReason.allCases.filter(service.blocked.contains) }

  /// The connections that an endpoint's DNAT rules have counted.
  public func connections(to endpoint: EndpointShare) -> UInt64 {
    endpoint.chainIndex.map { connectionsByChain[$0] } ?? 0
  }

  /// The endpoints of all chains, each once: where they translate to, or where that isn't known, their
  /// chains' names.
  var endpoints: [String] {
    var seen: Set<String> = []
    return balancing.flatMap(\.endpoints).map(\.text).filter { seen.insert($0).inserted }
  }

  /// Whether an endpoint's chain translates to a destination that isn't known.
  func translatesToUnknown(_ endpoint: ChainName) -> Bool {
    chains.contains { rules in
      let list = rules.content.chains[rules.index].rules
      return rules.table == .nat && rules.chain == endpoint
        && list.indices.contains { list.outcome(at: $0) == .unknownDestinationNAT }
    }
  }

  /// Where it is reached, in words: `cluster IP 10.96.0.1:443`, `NodePort 31000`.
  public var reached: [String] {
    addresses.map { "\($0.kind.words) \($0)" } + nodePorts.map { "NodePort \($0)" }
  }

  /// A chain of the service port with its rules, or those rules of a chain that are the service port's.
  public struct Rules: Sendable {
    fileprivate let content: TableContent
    fileprivate let index: Int
    fileprivate var positions: [Int]

    public var table: TableName { content.name }
    public var chain: ChainName { content.chains[index].name }

    /// The rules' positions in the chain, from 1, and iptables' words for them.
    public var rules: [(position: Int, text: [UInt8])] {
      positions.map { ($0 + 1, content.chains[index].rules[$0].bytes(in: chain)) }
    }
  }
}

extension EndpointShare {
  /// Where the endpoint is: `10.0.1.2:8080`, or its chain's name where that isn't known.
  public var text: String {
    destinations.isEmpty ? "\(chain)" : destinations.map { "\($0)" }.joined(separator: ", ")
  }

  /// The share in percent, with one decimal at most: `33.3%`.
  public var percent: String { Wording.percent(share) }
}

/// Finds in a family's rules what they say of each of its service ports.
public struct FamilyServices: Sendable {
  let map: ServiceMap
  private let nat: TableContent?
  /// For each service port of the map; what has to be looked up in its chains is left out.
  private var services: [ServiceReport]
  /// Which of the map's service ports are looked for; nil for all.
  private let wanted: [Bool]?
  private var connections: [UInt64]

  init(_ side: FamilySide) { self.init(of: side.snapshot, map: side.map) }

  /// - Parameters:
  ///   - map: the service ports of the snapshot's nat and filter.
  ///   - indices: of the map's service ports that are looked for; nil for all. Others are not looked up.
  public init(of snapshot: FamilySnapshot, map: ServiceMap, only indices: [Int]? = nil) {
    let nat = snapshot.table(.nat)
    self.map = map
    self.nat = nat?.content
    services = map.services.map { ServiceReport($0, snapshot.family) }
    wanted = indices.map { indices in
      var wanted = [Bool](repeating: false, count: map.services.count)
      for index in indices { wanted[index] = true }
      return wanted
    }
    connections = Array(repeating: 0, count: nat?.content.chains.count ?? 0)
    for content in snapshot.tables.map(\.content) where [.nat, .filter].contains(content.name) {
      for chain in content.chains.indices { read(chain, of: content) }
    }
    for rule in map.connectionRules {
      let packets = nat?.counters[Int(rule.rule)].packets ?? 0
      connections[Int(rule.chain)] &+= packets
      services[Int(rule.service)].connections &+= packets
    }
  }

  /// The service ports that are selected.
  func reports(where isSelected: (ServicePort) -> Bool) -> [ServiceReport] {
    services.indices.filter { isSelected(services[$0].port) }.map(report)
  }

  /// What the rules say of a service port; nil where it doesn't exist.
  func report(of port: ServicePort) -> ServiceReport? {
    services.indices.sortedIndex(of: port) { services[$0].port }.map(report)
  }

  /// Where the service port at an index of the map is reached, in words: `cluster IP 10.96.0.1:443`. This is
  /// cheaper than a report.
  public func reached(at index: Int) -> [String] {
    var report = services[index]
    report.takeEachAddressOnce()
    return report.reached
  }

  /// The distinct destinations of each service port that is looked for, by its index in the map.
  public var destinations: [[AddressTranslation]] {
    var destinations = [[AddressTranslation]](repeating: [], count: services.count)
    for rule in map.connectionRules {
      let index = Int(rule.service)
      guard isWanted(index), let destination = map.destination(of: rule) else { continue }
      if !destinations[index].contains(destination) { destinations[index].append(destination) }
    }
    return destinations
  }

  /// What the rules say of the service port at an index of the map.
  public func report(at index: Int) -> ServiceReport {
    var report = services[index]
    report.takeEachAddressOnce()
    // What no rule of filter blocks, nat does: external traffic, in versions up to 1.24.
    for reason in report.blocked where report.blockedTraffic.origins(reason).isEmpty {
      report.blockedTraffic.insert(BlockedTraffic(reason: reason, origin: .external))
    }
    report.balancing = map.serviceChains(ofServiceAt: index)
    let rules = report.balancing.lazy.compactMap { nat?.chains[$0.chainIndex].rules }.joined()
    report.affinity = Set(rules.filter { $0.chain != nil }.compactMap(\.affinitySeconds)).sorted()
    report.connectionsByChain = connections
    return report
  }

  private func isWanted(_ index: Int) -> Bool { wanted?[index] ?? true }

  private mutating func read(_ chain: Int, of content: TableContent) {
    let (name, rules) = (content.chains[chain].name, content.chains[chain].rules)
    if RuleScope(content.chains[chain]) == .dispatch {
      // Filter's KUBE-NODEPORTS is for health checks.
      if content.name == .filter, name == .kubeNodePorts { return }
      for position in rules.indices {
        guard let owner = map.owner(ofRule: position, ofChainAt: chain, in: content),
          isWanted(owner)
        else { continue }
        services[owner].addDispatch(content, chain, position)
      }
    } else if content.name == .nat, !rules.isEmpty,
      let owner = map.owner(ofRule: 0, ofChainAt: chain, in: content), isWanted(owner),
      case .service = ChainRole(name)
    {
      services[owner].chains.append(
        ServiceReport.Rules(content: content, index: chain, positions: Array(rules.indices)))
    }
  }
}

extension ServiceReport {
  fileprivate mutating func takeEachAddressOnce() {
    addresses = addresses.distinct
    nodePorts = Set(nodePorts).sorted()
  }

  /// Adds what a rule of a dispatch chain says.
  fileprivate mutating func addDispatch(_ content: TableContent, _ chain: Int, _ position: Int) {
    if let last = dispatch.last, last.content === content, last.index == chain {
      dispatch[dispatch.count - 1].positions.append(position)
    } else {
      dispatch.append(Rules(content: content, index: chain, positions: [position]))
    }
    let name = content.chains[chain].name
    let rule = content.chains[chain].rules[position]
    let comment = rule.comments.first
    if content.name == .filter, let reason = BlockReason(comment: comment) {
      // KUBE-EXTERNAL-SERVICES sees to external traffic.
      blockedTraffic.insert(
        BlockedTraffic(
          reason: reason, origin: name == .kubeExternalServices ? .external : .inCluster))
    }
    let outline = rule.outline
    guard let port = outline.destinationPort else { return }
    if let address = outline.destination?.onlyAddress {
      let kind = ServiceAddress.Kind(comment, content.name, name)
      addresses.append(ServiceAddress(kind: kind, address: address, port: port))
    } else if name != .kubeServices {
      nodePorts.append(port)
    }
  }
}

extension Rule {
  /// For how many seconds a client that was seen matches, 0 for any time; nil where it need not be seen.
  fileprivate var affinitySeconds: UInt32? {
    var seconds: UInt32?
    forEachElement { element, line, owner in
      guard line.isText("recent", owner) else { return }
      seconds = seconds ?? 0
      if line.isText("--seconds", element.name) { seconds = line.number(in: element.value) }
    }
    return seconds
  }
}

/// Traffic to a service port that is rejected or dropped.
public struct BlockedTraffic: Sendable, Hashable {
  /// Where the traffic comes from; the raw value stands in JSON.
  public enum Origin: String, Sendable, Hashable, CaseIterable {
    /// To the cluster IP.
    case inCluster = "in_cluster"
    /// To NodePorts, external IPs and load balancers' IPs, from outside.
    case external
  }

  public let reason: BlockReason
  public let origin: Origin
}

extension Set<BlockedTraffic> {
  /// The traffic that is blocked for that reason.
  func origins(_ reason: BlockReason) -> [BlockedTraffic.Origin] {
    BlockedTraffic.Origin.allCases.filter { contains(BlockedTraffic(reason: reason, origin: $0)) }
  }

  /// ` for external traffic`; nothing where all traffic is blocked. A service port without any endpoint is
  /// closed to all who can ask for it.
  func words(_ reason: BlockReason) -> String {
    let origins = origins(reason)
    guard reason == .noLocalEndpoints, origins.count == 1 else { return "" }
    return origins[0] == .external
      ? " for external traffic" : " for traffic from inside the cluster"
  }
}

extension BlockReason {
  /// What the service port has none of.
  var lacking: String {
    switch self {
    case .noEndpoints: "endpoints"
    case .noLocalEndpoints: "endpoints on this node"
    }
  }
}
