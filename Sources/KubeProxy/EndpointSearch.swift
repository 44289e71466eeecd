internal import Netfilter

/// Finds out whose an endpoint's chain is: the one's of those who lead to it whose name and
/// destination its own name is the hash of.
///
/// Where it is nobody's of them (someone changed the destination by hand), it is theirs still, unless
/// it can be shown to be another's.
struct EndpointSearch {
  private let services: [Service]
  private let standings: [ServiceStanding]
  private let former: FormerVerdicts
  /// How many service ports nat names.
  private let candidates: Int
  /// How many more hashes may be spent on finding out whose chains are that aren't their user's.
  private var searchesLeft = 50_000
  /// What is hashed.
  private var text: [UInt8] = []

  init(_ services: [Service], _ ranking: ServiceRanking, _ former: FormerVerdicts) {
    self.services = services
    standings = ranking.standings
    self.former = former
    candidates = standings.count(where: \.isInNat)
  }

  /// The owner, and what was found of the chain whoever leads to it.
  mutating func owner(
    of chain: Int, _ users: EndpointUsers, _ knowledge: ChainKnowledge
  ) -> (owner: Int32?, ChainVerdicts.Verdict) {
    let known = former.endpoint(chain)
    if case .proven(let name) = known, users.contains(name.service, of: chain) {
      return (name.service, known)
    }
    let proof = EndpointProof(chain: chain, knowledge)
    if let owner = users.first(of: chain, where: { proves($0, proof, known) }) {
      return (owner, .proven(name(of: owner)))
    }
    let isProven = if case .proven = known { true } else { false }
    // Of a chain that was nobody's, it isn't known whether it is a service port's that is new.
    let unasked: ChainVerdicts.Verdict = isProven ? known : .unknown
    guard let only = users.only(of: chain), !proof.holdsForClaim(using: &text) else {
      return (nil, unasked)
    }
    guard searchesLeft >= candidates else { return (only, unasked) }
    searchesLeft -= candidates
    if isProven { return (nil, known) }
    for service in services.indices.map(Int32.init) where proves(service, proof, known) {
      return (nil, .proven(name(of: service)))
    }
    return (only, .nobodys)
  }

  /// Whether the chain is that service port's, where that isn't known already.
  private mutating func proves(
    _ service: Int32, _ proof: EndpointProof, _ known: ChainVerdicts.Verdict
  ) -> Bool {
    let index = Int(service)
    switch known {
    case .proven: return false
    case .nobodys where !former.isNew[index]: return false
    case .nobodys, .unknown:
      guard standings[index].isInNat else { return false }
      return proof.holds(
        services[index].port, endsInColon: name(of: service).endsInColon, using: &text)
    }
  }

  /// The name under which nat has the service port.
  private func name(of service: Int32) -> WrittenName {
    let standing = standings[Int(service)]
    return WrittenName(service: service, endsInColon: standing == .natWithColon)
  }
}
