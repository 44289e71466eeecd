internal import Netfilter

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
