internal import Netfilter

/// What can be reached from the dispatch rules.
extension ServiceMapBuilder {
  mutating func attributeChains(
    from entrances: [ChainName], _ knowledge: ChainKnowledge
  ) {
    var uses: [EndpointUse] = []
    var pending = entrances.compactMap(knowledge.position)
    while let index = pending.popLast() {
      guard chainOwners[index] < 0, case .service(let family, let hash) = knowledge.roles[index],
        family != .endpoint, let identity = identities[hash]
      else { continue }
      ownChain(index, identity.service, knowledge)
      for target in knowledge.jumpTargets(of: index) {
        switch knowledge.roles[Int(target)] {
        case .service(.endpoint, _):
          uses.append(EndpointUse(service: identity.service, chain: target))
        case .service(_, hash): pending.append(Int(target))
        default: break
        }
      }
    }
    uses.sort { ($0.service, $0.chain) < ($1.service, $1.chain) }
    countEndpoints(uses, knowledge)
    uses.sort { ($0.chain, $0.service) < ($1.chain, $1.service) }
    attributeEndpoints(uses, knowledge)
  }

  /// A service port's chain leads to an endpoint's.
  private struct EndpointUse {
    let service: Int32
    let chain: Int32
  }

  /// Counts each service port's distinct endpoint chains and destinations; `uses` are sorted by
  /// service port.
  private mutating func countEndpoints(_ uses: [EndpointUse], _ knowledge: ChainKnowledge) {
    var last = EndpointUse(service: ServiceMap.unowned, chain: -1)
    var destinations = DistinctDestinations()
    for use in uses {
      if use.service != last.service {
        destinations = DistinctDestinations()
      } else if use.chain == last.chain {
        continue
      }
      last = use
      knowledge.facts[Int(use.chain)].forEachTranslation {
        destinations.insert($0.destination)
      }
      services[Int(use.service)].sepChains += 1
      services[Int(use.service)].dnatTargets = destinations.count
    }
  }

  /// Attributes the endpoints' chains; `uses` are sorted by chain.
  private mutating func attributeEndpoints(_ uses: [EndpointUse], _ knowledge: ChainKnowledge) {
    var rest = uses[...]
    while let chain = (rest.first?.chain).map(Int.init) {
      let users = rest.prefix { $0.chain == chain }
      rest = rest[users.endIndex...]
      guard let owner = owner(ofEndpoint: chain, among: users.map(\.service), knowledge) else {
        continue
      }
      ownChain(chain, owner, knowledge)
      let first = knowledge.content.firstRules[chain]
      knowledge.facts[chain].forEachTranslation {
        connectionRules.append(
          ServiceMap.ConnectionRule(
            rule: Int32(first) + $0.rule, chain: Int32(chain), service: owner))
      }
    }
  }

  /// Whose an endpoint's chain is: the one's of those who jump to it whose name and destination its
  /// own name is the hash of.
  ///
  /// Where it is nobody's of them (someone changed the destination by hand), it is theirs still, unless
  /// it can be shown to be another's.
  private mutating func owner(
    ofEndpoint index: Int, among users: [Int32], _ knowledge: ChainKnowledge
  ) -> Int32? {
    let known = knowledge.isUnchanged(index) ? endpointVerdict(formerly: index, knowledge) : 0
    var owner = users.first { known == identityHashes[Int($0)] }
    if owner == nil {
      let proof = EndpointProof(chain: index, knowledge)
      owner = users.first { proves($0, proof) }
      if owner == nil, users.count == 1, !isAnothers(proof) { owner = users[0] }
    }
    if let owner { endpointVerdicts[index] = identityHashes[Int(owner)] }
    return owner
  }

  private func proves(_ service: Int32, _ proof: EndpointProof) -> Bool {
    proof.holds(literals[Int(service)], services[Int(service)].port.transport)
  }

  /// Whether the chain is the one of a service port that its comment claims, or of any that is known.
  private mutating func isAnothers(_ proof: EndpointProof) -> Bool {
    if proof.holdsForClaim { return true }
    guard searchesLeft >= services.count else { return false }
    searchesLeft -= services.count
    return services.indices.contains { proves(Int32($0), proof) }
  }

  /// Whose a chain of the same content was found to be before: a hash of the service port, or 0.
  private func endpointVerdict(formerly index: Int, _ knowledge: ChainKnowledge) -> Int {
    let former = Int(knowledge.formerPositions[index])
    return former >= 0 && former < formerVerdicts.count ? formerVerdicts[former] : 0
  }

  private mutating func ownChain(
    _ index: Int, _ service: Int32, _ knowledge: ChainKnowledge
  ) {
    chainOwners[index] = service
    let range = knowledge.content.firstRules[index]..<knowledge.content.firstRules[index + 1]
    for rule in range { natOwners[rule] = service }
    services[Int(service)].natRules += range.count
  }

  /// Counts the service chains that can't be reached from any other chain.
  mutating func countOrphans(_ knowledge: ChainKnowledge) {
    var isReached = [Bool](repeating: false, count: knowledge.roles.count)
    var pending: [Int] = []
    for (index, role) in knowledge.roles.enumerated() {
      if case .service = role { continue }
      isReached[index] = true
      pending.append(index)
    }
    while let index = pending.popLast() {
      for target in knowledge.jumpTargets(of: index).lazy.map(Int.init) where !isReached[target] {
        isReached[target] = true
        pending.append(target)
      }
    }
    orphanChains = isReached.count { !$0 }
  }
}
