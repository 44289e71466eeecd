internal import Netfilter

/// Whose the chains and rules of nat are, and what they come to for each service port.
struct ServiceAttribution {
  let ranking: ServiceRanking
  var services: [Service]
  private(set) var natOwners: [Int32]
  var connectionRules: [ServiceMap.ConnectionRule] = []
  /// The service ports' own chains that dispatch rules lead to.
  private var serviceChains: [Int32] = []
  /// For each chain of nat, the index of its service port; ``ServiceMap/unowned`` where it has none.
  var chainOwners: [Int32]
  var verdicts: ChainVerdicts

  init(_ ranking: ServiceRanking, _ registry: ServiceRegistry, nat: TableContent?) {
    self.ranking = ranking
    services = ranking.order.map { Service(port: registry.port($0)) }
    natOwners = Array(repeating: ServiceMap.unowned, count: nat?.ruleCount ?? 0)
    chainOwners = Array(repeating: ServiceMap.unowned, count: nat?.chains.count ?? 0)
    verdicts = ChainVerdicts(chainCount: nat?.chains.count ?? 0)
  }

  /// Attributes nat's rules and chains.
  mutating func attribute(_ reading: NatReading, _ former: FormerVerdicts) {
    let knowledge = reading.knowledge
    attribute(reading.dispatch, of: knowledge)
    serviceChains = attributeServiceChains(of: knowledge, former)
    attributeEndpoints(of: knowledge, reachedFrom: serviceChains, former)
    attributeRules(of: knowledge.content)
    noteBlocks(in: knowledge.content)
  }

  /// The service ports' chains that balance over endpoints.
  func balancingChains(of nat: TableContent?) -> BalancingChains {
    BalancingChains(serviceChains, chainOwners, in: nat, serviceCount: services.count)
  }

  /// Attributes filter's rules, and returns their owners.
  mutating func attribute(_ filter: FilterReading?, ruleCount: Int) -> [Int32] {
    var owners = [Int32](repeating: ServiceMap.unowned, count: ruleCount)
    for mention in filter?.mentions ?? [] {
      let service = ranking.ranks[Int(mention.service)]
      owners[mention.position] = service
      services[Int(service)].filterRules += 1
      if let reason = mention.reason { services[Int(service)].blocked.insert(reason) }
    }
    return owners
  }

  /// Attributes the rules that dispatch.
  private mutating func attribute(_ dispatch: DispatchReading, of knowledge: ChainKnowledge) {
    let content = knowledge.content
    for rule in dispatch.owned {
      let service = ranking.ranks[Int(rule.service)]
      let chain = Int(rule.place.chain)
      natOwners[content.firstRules[chain] + Int(rule.place.rule)] = service
      services[Int(service)].natRules += 1
      if content.chains[chain].name == .kubeNodePorts {
        services[Int(service)].nodePortRules += 1
      }
    }
  }

  /// Attributes the service ports' own chains that can be reached from the dispatch rules, and lists
  /// them.
  private mutating func attributeServiceChains(
    of knowledge: ChainKnowledge, _ former: FormerVerdicts
  ) -> [Int32] {
    var reached: [Int32] = []
    var pending: [Int32] = []
    for chain in knowledge.dispatchChains {
      pending += knowledge.jumps[chain]
    }
    while let index = pending.popLast() {
      let chain = Int(index)
      guard chainOwners[chain] < 0, let name = former.name(of: chain, in: knowledge) else {
        continue
      }
      verdicts[chain] = .proven(name)
      chainOwners[chain] = name.service
      reached.append(index)
      // A service port's chain leads to others of its own; another's isn't entered by it.
      for target in knowledge.jumps[chain]
      where former.name(of: Int(target), in: knowledge) == name {
        pending.append(target)
      }
    }
    return reached
  }

  /// Attributes the rules of all chains that have an owner.
  private mutating func attributeRules(of content: TableContent) {
    for chain in chainOwners.indices where chainOwners[chain] >= 0 {
      let owner = chainOwners[chain]
      let range = content.firstRules[chain]..<content.firstRules[chain + 1]
      for rule in range { natOwners[rule] = owner }
      services[Int(owner)].natRules += range.count
    }
  }
  /// Notes the service ports whose own chains drop what comes from outside, for want of an endpoint on
  /// this node: up to 1.24 kube-proxy does so in nat.
  private mutating func noteBlocks(in content: TableContent) {
    for chain in serviceChains.lazy.map(Int.init)
    where Self.localPolicyChains.contains(where: content.chains[chain].name.hasPrefix) {
      let rules = content.chains[chain].rules
      if rules.indices.contains(where: { rules.dropsForLackOfLocalEndpoints(at: $0) }) {
        services[Int(chainOwners[chain])].blocked.insert(.noLocalEndpoints)
      }
    }
  }

  private static let localPolicyChains: [ChainName] = ["KUBE-XLB-", "KUBE-SVL-"]
}

extension RuleList {
  /// Whether the rule leads to KUBE-MARK-DROP, and its comment says that there are no local endpoints.
  fileprivate func dropsForLackOfLocalEndpoints(at position: Int) -> Bool {
    guard outcome(at: position) == .chain(.kubeMarkDrop) else { return false }
    let line = line(at: position)
    let bytes = line.span
    return RuleOutline.comment(in: bytes).flatMap { ServicePortComment(bytes.extracting($0)) }?
      .blockReason
      == .noLocalEndpoints
  }
}

/// Whose the endpoints' chains are.
extension ServiceAttribution {
  /// Counts the endpoints that the service ports' chains lead to, and attributes their chains.
  ///
  /// - Parameter serviceChains: the chains that service ports were found to own.
  mutating func attributeEndpoints(
    of knowledge: ChainKnowledge, reachedFrom serviceChains: [Int32], _ former: FormerVerdicts
  ) {
    let users = countEndpoints(of: knowledge, reachedFrom: serviceChains)
    connectionRules.reserveCapacity(knowledge.stages.count { $0 == .endpoint })
    var search = EndpointSearch(services, ranking, former)
    for chain in knowledge.stages.indices where users.isUsed(chain) {
      let (owner, verdict) = search.owner(of: chain, users, knowledge)
      verdicts[chain] = verdict
      guard let owner else { continue }
      chainOwners[chain] = owner
      let first = Int32(knowledge.content.firstRules[chain])
      knowledge.translations.forEach(of: chain) {
        connectionRules.append(
          ServiceMap.ConnectionRule(rule: first + $0.rule, chain: Int32(chain), service: owner))
      }
    }
  }

  /// Counts each service port's distinct endpoint chains and destinations.
  private mutating func countEndpoints(
    of knowledge: ChainKnowledge, reachedFrom serviceChains: [Int32]
  ) -> EndpointUsers {
    var users = EndpointUsers(chainCount: knowledge.stages.count)
    var destinations = DestinationCount()
    let chains = OwnedChains(serviceChains, chainOwners, serviceCount: services.count)
    for service in services.indices {
      var endpoints = 0
      chains.forEach(of: service) { chain in
        for target in knowledge.jumps[Int(chain)]
        where knowledge.stages[Int(target)] == .endpoint
          && users.insert(Int32(service), of: Int(target))
        {
          endpoints += 1
          knowledge.translations.forEach(of: Int(target)) { destinations.insert($0.destination) }
        }
      }
      services[service].sepChains = endpoints
      services[service].dnatTargets = destinations.take()
    }
    return users
  }
}

/// Chains by their owners: for each service port a list, linked.
private struct OwnedChains {
  private let chains: [Int32]
  /// For each service port, where in `chains` its last is; -1 where it has none.
  private var last: [Int32]
  /// For each of `chains`, where the one before of the same owner is; -1 where it is the first.
  private var before: [Int32]

  init(_ chains: [Int32], _ owners: [Int32], serviceCount: Int) {
    self.chains = chains
    last = Array(repeating: -1, count: serviceCount)
    before = []
    before.reserveCapacity(chains.count)
    for (index, chain) in chains.enumerated() {
      let owner = Int(owners[Int(chain)])
      before.append(last[owner])
      last[owner] = Int32(index)
    }
  }

  func forEach(of service: Int, _ body: (Int32) -> Void) {
    var index = last[service]
    while index >= 0 {
      body(chains[Int(index)])
      index = before[Int(index)]
    }
  }
}
