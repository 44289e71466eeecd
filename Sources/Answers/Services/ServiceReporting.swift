internal import KubeProxy
internal import Netfilter

/// What the rules of one family say of a service port.
struct ServiceFacts {
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

/// Makes the reports of one family's service ports.
struct ServiceReporting {
  private let side: FamilySide
  private let dispatch: DispatchFacts
  /// For each service port, the chains of nat that are its own.
  private var chains: [[Int]]
  /// For each chain of nat, the connections that its DNAT rules have counted.
  private var connections: [Int32: UInt64] = [:]
  /// For each service port, the same.
  private var totals: [UInt64]

  init(_ snapshot: FamilySnapshot) {
    side = FamilySide(snapshot)
    dispatch = DispatchFacts(side)
    chains = Array(repeating: [], count: side.map.services.count)
    totals = Array(repeating: 0, count: side.map.services.count)
    guard let nat = snapshot.table(.nat) else { return }
    for index in nat.content.chains.indices {
      guard !nat.content.chains[index].rules.isEmpty,
        case .service = ChainRole(nat.content.chains[index].name),
        let owner = side.ownerIndex(nat.content, chain: index, 0)
      else { continue }
      chains[owner].append(index)
    }
    for rule in side.map.connectionRules {
      let packets = nat.counters[Int(rule.rule)].packets
      connections[rule.chain, default: 0] &+= packets
      totals[Int(rule.service)] &+= packets
    }
  }

  /// Chains of service ports of which no rule shows the owner.
  var unnamed: UnnamedChains { side.map.unnamed }

  func services(where isSelected: (ServicePort) -> Bool) -> [ServiceReport] {
    side.map.services.indices.filter { isSelected(side.map.services[$0].port) }.map(report)
  }

  private func report(_ index: Int) -> ServiceReport {
    let facts = ServiceFacts(index, dispatch)
    return ServiceReport(
      port: facts.service.port, family: side.snapshot.family, addresses: facts.addresses,
      nodePorts: facts.nodePorts,
      blocked: BlockReason.allCases.filter(facts.service.blocked.contains),
      blockedTraffic: facts.blocked, balancing: facts.chains.map(balancing),
      endpoints: facts.endpoints.count,
      affinity: facts.affinity, connections: totals[index],
      natRules: facts.service.natRules, filterRules: facts.service.filterRules,
      dispatch: dispatchRules(index), chains: chains[index].compactMap(chain))
  }

  private func balancing(_ chain: ServiceChainEndpoints) -> ServiceReport.Balancing {
    ServiceReport.Balancing(
      chain: chain.chain,
      endpoints: chain.endpoints.map { endpoint in
        ServiceReport.Endpoint(
          chain: endpoint.chain, destinations: endpoint.destinations.map(\.description),
          share: endpoint.share,
          connections: endpoint.chainIndex.flatMap { connections[Int32($0)] } ?? 0)
      })
  }

  /// The rules that dispatch to the service port, chain by chain.
  private func dispatchRules(_ index: Int) -> [ServiceReport.Rules] {
    var rules: [ServiceReport.Rules] = []
    var rest = dispatch.services[index].rules[...]
    while let first = rest.first {
      let places = rest.prefix { $0.table == first.table && $0.chain == first.chain }
      rest = rest.dropFirst(places.count)
      if let content = side.snapshot.table(first.table)?.content {
        rules.append(Self.rules(places.map(\.rule), of: first.chain, content))
      }
    }
    return rules
  }

  private func chain(_ index: Int) -> ServiceReport.Rules? {
    guard let content = side.snapshot.table(.nat)?.content else { return nil }
    return Self.rules(Array(content.chains[index].rules.indices), of: index, content)
  }

  private static func rules(
    _ positions: [Int], of index: Int, _ content: TableContent
  ) -> ServiceReport.Rules {
    let chain = content.chains[index]
    return ServiceReport.Rules(
      table: content.name, chain: chain.name,
      rules: positions.map { ($0 + 1, chain.rules[$0].bytes(in: chain.name)) })
  }
}
