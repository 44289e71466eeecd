internal import KubeProxy
internal import Netfilter

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
        let owner = side.ownerIndex(nat.content, rule: nat.content.firstRules[index])
      else { continue }
      chains[owner].append(index)
    }
    for rule in side.map.connectionRules {
      let packets = nat.counters[Int(rule.rule)].packets
      connections[rule.chain, default: 0] &+= packets
      totals[Int(rule.service)] &+= packets
    }
  }

  /// Chains of service ports that no rule tells whose they are.
  var unnamed: UnnamedChains { side.map.unnamed }

  func services(where isSelected: (ServicePort) -> Bool) -> [ServiceReport] {
    side.map.services.indices.filter { isSelected(side.map.services[$0].port) }.map(report)
  }

  private func report(_ index: Int) -> ServiceReport {
    let facts = ServiceFacts(index, dispatch, side)
    return ServiceReport(
      port: facts.service.port, family: side.snapshot.family, addresses: facts.addresses,
      nodePorts: facts.nodePorts,
      blocked: BlockReason.allCases.filter(facts.service.blocked.contains),
      blockedTraffic: facts.blocked, balancing: facts.chains.map(balancing),
      endpoints: facts.endpoints.count,
      affinity: Set(facts.affinity.values.joined()).sorted(), connections: totals[index],
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
    var rest = dispatch.rules[index][...]
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
      rules: positions.map {
        ($0 + 1, chain.rules[$0].bytes(in: chain.name))
      })
  }
}
