internal import Netfilter

/// What is known of nat's chains, for who judges them.
extension ServiceMap {
  /// The positions in nat of the service ports' and endpoints' chains that the chain at a position
  /// leads to, each once.
  public func targets(ofChainAt chain: Int) -> ArraySlice<Int32> { knowledge?.jumps[chain] ?? [] }

  /// The service port that the chain at a position of nat is one's, an endpoint's chain that of a
  /// service port which leads to it; nil where nothing proves it, or nothing leads to it.
  public func servicePort(ofChainAt chain: Int) -> ServicePort? {
    guard let knowledge else { return nil }
    if case .proven(let name) = verdicts[chain] { return services[Int(name.service)].port }
    let rules = knowledge.content.firstRules[chain]..<knowledge.content.firstRules[chain + 1]
    guard let first = rules.first, natOwners[first] >= 0 else { return nil }
    return services[Int(natOwners[first])].port
  }

  /// Whether an endpoint's chain, at that position of nat, is proven to be a service port's by its name
  /// and its destination.
  public func isProvenEndpoint(_ chain: Int) -> Bool {
    if case .proven = verdicts[chain] { knowledge?.stages[chain] == .endpoint } else { false }
  }

  /// The endpoints' chains that traffic can reach and that translate to a destination which their name
  /// is not the hash of, or to none; in nat's order.
  ///
  /// A chain's name is the hash of its service port's name, protocol and destination. So nothing is said
  /// of a chain of which no service port is known, nor of one whose destination isn't.
  public var endpointsElsewhere: [Int32] {
    guard let knowledge else { return [] }
    var isOrphan = [Bool](repeating: false, count: knowledge.stages.count)
    for chain in orphanPositions { isOrphan[Int(chain)] = true }
    let suspects = knowledge.stages.indices.filter { chain in
      guard knowledge.stages[chain] == .endpoint, !isOrphan[chain] else { return false }
      if case .proven = verdicts[chain], knowledge.translations.isOne(of: chain) { return false }
      let rules = knowledge.content.chains[chain].rules
      return !rules.isEmpty
        && (knowledge.translations.isAny(of: chain)
          || !rules.indices.contains { rules.outcome(at: $0) == .unknownDestinationNAT })
    }
    if suspects.isEmpty { return [] }
    let users = users(of: Set(suspects), knowledge)
    var text: [UInt8] = []
    return suspects.filter { chain in
      guard let names = users[chain] else { return false }
      let proof = EndpointProof(chain: chain, knowledge)
      let holds = names.contains { name in
        proof.holdsThroughout(services[Int(name.service)].port, endsInColon: name.endsInColon)
      }
      if holds { return false }
      if case .proven = verdicts[chain] { return true }
      return !proof.holdsForClaim(using: &text)
    }.map(Int32.init)
  }

  /// The names of the service ports whose chains lead to each of some chains.
  private func users(of chains: Set<Int>, _ knowledge: ChainKnowledge) -> [Int: Set<WrittenName>] {
    var users: [Int: Set<WrittenName>] = [:]
    for source in knowledge.stages.indices where knowledge.stages[source] == .service {
      guard case .proven(let name) = verdicts[source] else { continue }
      for target in knowledge.jumps[source] where chains.contains(Int(target)) {
        users[Int(target), default: []].insert(name)
      }
    }
    return users
  }
}
