public import KubeProxy
public import Netfilter

/// What the rules of one family say of a service port.
struct ServiceFacts: Sendable {
  let service: Service
  let addresses: [ServiceAddress]
  let nodePorts: [UInt16]
  let blocked: Set<BlockedTraffic>
  let chains: [ServiceChainEndpoints]
  /// For how many seconds a client stays with an endpoint, ascending; none where it doesn't.
  let affinity: [UInt32]

  init(_ index: Int, _ dispatch: DispatchFacts) {
    let side = dispatch.side
    service = side.map.services[index]
    addresses = dispatch.services[index].addresses
    nodePorts = dispatch.services[index].nodePorts
    // What no rule of filter blocks, nat does: external traffic, in versions up to 1.24.
    blocked = service.blocked.reduce(into: dispatch.services[index].blocked) { blocked, reason in
      if blocked.origins(reason).isEmpty {
        blocked.insert(BlockedTraffic(reason: reason, origin: .external))
      }
    }
    chains = side.map.serviceChains(ofServiceAt: index)
    let nat = side.snapshot.table(.nat)?.content
    let rules = chains.lazy.compactMap { nat?.chains[$0.chainIndex].rules }.joined()
    affinity = Set(rules.filter { $0.chain != nil }.compactMap(\.affinitySeconds)).sorted()
  }

  /// The endpoints of all chains, each once: where they translate to, or where that isn't known, their
  /// chains' names.
  var endpoints: [String] {
    var seen: Set<String> = []
    return chains.flatMap(\.endpoints).map(\.text).filter { seen.insert($0).inserted }
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

extension EndpointShare {
  /// Where the endpoint is.
  var text: String {
    destinations.isEmpty ? "\(chain)" : destinations.map { "\($0)" }.joined(separator: ", ")
  }
}

/// What the rules of one family say of a service port, as it is shown.
public struct ServiceReport: Sendable {
  /// A chain of the service port with its rules, or those rules of a chain that are the service port's.
  public struct Rules: Sendable {
    fileprivate let content: TableContent
    fileprivate let index: Int
    var positions: [Int]

    init(content: TableContent, index: Int, positions: [Int]) {
      self.content = content
      self.index = index
      self.positions = positions
    }

    public var table: TableName { content.name }
    public var chain: ChainName { content.chains[index].name }

    /// The rules' positions in the chain, from 1, and iptables' words for them.
    public var rules: [(position: Int, text: [UInt8])] {
      positions.map { ($0 + 1, content.chains[index].rules[$0].bytes(in: chain)) }
    }

    func isOf(_ content: TableContent, _ index: Int) -> Bool {
      self.content === content && self.index == index
    }
  }

  let facts: ServiceFacts
  public let family: IPFamily
  /// New connections, as the DNAT rules of its endpoints have counted them since they were written.
  public let connections: UInt64
  /// The same for each endpoint's chain of the family, by its position in nat, whichever chain led there.
  let connectionsByChain: [Int: UInt64]
  /// The rules that dispatch to it, or block it.
  public let dispatch: [Rules]
  /// Its own chains, in nat's order.
  public let chains: [Rules]

  public var port: ServicePort { facts.service.port }
  public var addresses: [ServiceAddress] { facts.addresses }
  public var nodePorts: [UInt16] { facts.nodePorts }
  /// The chains that balance over endpoints.
  public var balancing: [ServiceChainEndpoints] { facts.chains }
  public var natRules: Int { facts.service.natRules }
  public var blocked: [BlockReason] { BlockReason.allCases.filter(facts.service.blocked.contains) }
  /// The same, with whose traffic it is.
  public var blockedTraffic: Set<BlockedTraffic> { facts.blocked }

  /// The connections that an endpoint's DNAT rules have counted.
  func connections(to endpoint: EndpointShare) -> UInt64 {
    endpoint.chainIndex.flatMap { connectionsByChain[$0] } ?? 0
  }
}

extension DispatchFacts {
  /// The reports of the service ports that are selected.
  func reports(where isSelected: (ServicePort) -> Bool) -> [ServiceReport] {
    let ports = side.map.services.map(\.port)
    var chains: [[ServiceReport.Rules]] = Array(repeating: [], count: ports.count)
    var connections: [Int: UInt64] = [:]
    var totals: [UInt64] = Array(repeating: 0, count: ports.count)
    if let nat = side.snapshot.table(.nat) {
      for (index, chain) in nat.content.chains.enumerated() where !chain.rules.isEmpty {
        guard case .service = ChainRole(chain.name),
          let owner = side.map.owner(ofRule: 0, ofChainAt: index, in: nat.content),
          isSelected(ports[owner])
        else { continue }
        chains[owner].append(
          ServiceReport.Rules(
            content: nat.content, index: index, positions: Array(chain.rules.indices)))
      }
      for rule in side.map.connectionRules {
        let packets = nat.counters[Int(rule.rule)].packets
        connections[Int(rule.chain), default: 0] &+= packets
        totals[Int(rule.service)] &+= packets
      }
    }
    return ports.indices.filter { isSelected(ports[$0]) }.map { index in
      ServiceReport(
        facts: ServiceFacts(index, self), family: side.snapshot.family,
        connections: totals[index], connectionsByChain: connections,
        dispatch: services[index].rules, chains: chains[index])
    }
  }
}
