internal import Netfilter

/// Who owns a chain of nat.
enum ChainAttribution: Sendable, Equatable {
  case nobodys
  /// The chain's name is the hash of this name. An endpoint's chain is the hash of its destination too.
  case proven(WrittenName)
  /// The name proves an endpoint's chain, but only other service ports lead to it.
  case another(WrittenName)
  /// Only this service port leads to the endpoint's chain, and the chain's name proves nobody.
  case unproven(service: Int32)

  /// The service port that owns the chain.
  var owner: OptionalIndex {
    switch self {
    case .proven(let name): OptionalIndex(Int(name.service))
    case .unproven(let service): OptionalIndex(Int(service))
    case .another, .nobodys: .none
    }
  }

  var provenName: WrittenName? {
    switch self {
    case .proven(let name), .another(let name): name
    case .unproven, .nobodys: nil
    }
  }
}

/// The second step: who owns the chains and rules, and how many each service port has. It is made afresh
/// whenever nat or filter changed.
struct ServiceAttribution {
  private(set) var services: [Service]
  /// For each chain of nat.
  private(set) var chains: [ChainAttribution] = []
  /// The service ports' own chains that dispatch rules lead to, by service port; ascending.
  private(set) var serviceChains = PackedLists<Int32>()
  private(set) var connectionRules: [ServiceMap.ConnectionRule] = []
  /// For each rule of filter.
  private(set) var filterOwners: [OptionalIndex] = []
  private let known: KnownServices

  init(_ known: KnownServices) {
    self.known = known
    services = known.ports.map { Service(port: $0) }
  }

  /// Attributes nat's rules and chains.
  mutating func attribute(_ nat: NatFacts, _ proofs: KnownProofs) {
    chains = Array(repeating: .nobodys, count: nat.stages.count)
    countDispatchRules(nat)
    let reached = attributeServiceChains(nat)
    listServiceChains(reached)
    attributeEndpoints(nat, countEndpoints(nat), proofs)
    for chain in chains.indices {
      guard let owner = chains[chain].owner.index else { continue }
      services[owner].natRules += nat.content.firstRules[chain + 1] - nat.content.firstRules[chain]
    }
    noteBlocks(by: reached, nat.content)
  }

  /// Attributes filter's rules.
  mutating func attribute(_ mentions: [FilterReading.Mention], ruleCount: Int) {
    filterOwners = Array(repeating: .none, count: ruleCount)
    for mention in mentions {
      guard let service = known.ports.sortedIndex(of: mention.port) else { continue }
      filterOwners[mention.position] = OptionalIndex(service)
      services[service].filterRules += 1
      if let reason = mention.reason { services[service].blocked.insert(reason) }
    }
  }

  private mutating func countDispatchRules(_ nat: NatFacts) {
    for (chain, owners) in zip(nat.dispatchChains, known.facts.owners) {
      let isNodePorts = nat.content.chains[chain].name == .kubeNodePorts
      for owner in owners {
        guard let service = owner.index else { continue }
        services[service].natRules += 1
        if isNodePorts { services[service].nodePortRules += 1 }
      }
    }
  }

  /// Attributes the service ports' own chains that can be reached from the dispatch rules, and lists
  /// them.
  private mutating func attributeServiceChains(_ nat: NatFacts) -> [Int32] {
    var reached: [Int32] = []
    var pending = nat.dispatchChains.flatMap { nat.graph[$0] }
    while let index = pending.popLast() {
      let chain = Int(index)
      guard chains[chain] == .nobodys, let name = name(of: chain, nat) else { continue }
      chains[chain] = .proven(name)
      reached.append(index)
      // A service port's chain leads to others of its own; another's isn't entered by it.
      for target in nat.graph[chain]
      where nat.stages[Int(target)] == .service && self.name(of: Int(target), nat) == name {
        pending.append(target)
      }
    }
    return reached
  }

  private mutating func listServiceChains(_ reached: [Int32]) {
    var owned = reached.compactMap { chain in
      chains[Int(chain)].owner.index.map { (owner: $0, chain: chain) }
    }
    owned.sort { $0 < $1 }
    var rest = owned[...]
    for service in services.indices {
      while let next = rest.first, next.owner == service {
        serviceChains.append(rest.removeFirst().chain)
      }
      serviceChains.endList()
    }
  }

  /// The name that a service port's chain is the hash of; nil where nothing proves it.
  private func name(of chain: Int, _ nat: NatFacts) -> WrittenName? {
    ChainRole(nat.content.chains[chain].name).servicePortHash.flatMap { known.facts.names[$0] }
  }

  /// Counts each service port's distinct endpoint chains and destinations.
  private mutating func countEndpoints(_ nat: NatFacts) -> EndpointUsers {
    var users = EndpointUsers(chainCount: nat.stages.count)
    var destinations = DestinationCount()
    for service in services.indices {
      var endpoints = 0
      for chain in serviceChains[service] {
        for target in nat.graph[Int(chain)]
        where nat.stages[Int(target)] == .endpoint
          && users.insert(Int32(service), of: Int(target))
        {
          endpoints += 1
          for translation in nat.translations[Int(target)] {
            destinations.insert(translation.destination)
          }
        }
      }
      services[service].sepChains = endpoints
      services[service].dnatTargets = destinations.take()
    }
    return users
  }

  private mutating func attributeEndpoints(
    _ nat: NatFacts, _ users: EndpointUsers, _ proofs: KnownProofs
  ) {
    connectionRules.reserveCapacity(nat.stages.count { $0 == .endpoint })
    var search = EndpointSearch(known, users, nat, proofs)
    for chain in nat.stages.indices where users.first(of: chain) != nil {
      chains[chain] = search.attribution(of: chain)
      guard let owner = chains[chain].owner.index else { continue }
      let first = Int32(nat.content.firstRules[chain])
      for translation in nat.translations[chain] {
        connectionRules.append(
          ServiceMap.ConnectionRule(
            rule: first + translation.rule, chain: Int32(chain), service: Int32(owner)))
      }
    }
  }

  /// Notes the service ports whose own chains drop what comes from outside, for want of an endpoint on
  /// this node: up to 1.24 kube-proxy does so in nat.
  private mutating func noteBlocks(by reached: [Int32], _ content: TableContent) {
    for chain in reached.lazy.map(Int.init)
    where Self.localPolicyChains.contains(where: content.chains[chain].name.hasPrefix) {
      let rules = content.chains[chain].rules
      guard let owner = chains[chain].owner.index,
        rules.indices.contains(where: { rules.dropsForLackOfLocalEndpoints(at: $0) })
      else { continue }
      services[owner].blocked.insert(.noLocalEndpoints)
    }
  }

  private static let localPolicyChains: [ChainName] = ["KUBE-XLB-", "KUBE-SVL-"]
}

extension RuleList {
  /// Whether the rule leads to KUBE-MARK-DROP, and its comment says that there are no local endpoints.
  fileprivate func dropsForLackOfLocalEndpoints(at position: Int) -> Bool {
    chain(at: position) == .kubeMarkDrop
      && servicePortComment(at: position)?.blockReason == .noLocalEndpoints
  }
}
