internal import Netfilter

/// Finds the service port that owns an endpoint's chain (KUBE-SEP).
///
/// Several service ports may lead to the chain. The owner is the one whose name, hashed together with the
/// chain's destination, gives the chain's name. Where that is none of them, somebody has changed the
/// destination by hand. Then the only service port that leads to the chain owns it, unless the chain's
/// name proves another owner.
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

/// Proves whose an endpoint's chain is: its name is the hash of a service port and a destination, and its
/// rules hold the destination.
struct EndpointProof {
  private let knowledge: ChainKnowledge
  private let chain: Int
  private let hash: ChainHash?

  init(chain: Int, _ knowledge: ChainKnowledge) {
    self.knowledge = knowledge
    self.chain = chain
    let role = ChainRole(knowledge.content.chains[chain].name)
    hash = if case .service(_, let hash) = role { hash } else { nil }
  }

  /// Whether the chain's name is the hash of that service port and the chain's own destination.
  ///
  /// - Parameter text: where to put what is to be hashed, so that not each one takes its own memory.
  func holds(_ port: ServicePort, endsInColon: Bool, using text: inout [UInt8]) -> Bool {
    text.removeAll(keepingCapacity: true)
    port.appendName(endsInColon: endsInColon, to: &text)
    return holds(port.transport, using: &text)
  }

  /// Whether it is the hash of that service port and of each of the chain's destinations, of which there
  /// is one at least.
  func holdsThroughout(_ port: ServicePort, endsInColon: Bool) -> Bool {
    var name: [UInt8] = []
    port.appendName(endsInColon: endsInColon, to: &name)
    name.append(contentsOf: port.transport.chainNameText.utf8)
    var holds: Bool?
    knowledge.translations.forEach(of: chain) { translation in
      guard holds != false else { return }
      var text = name
      append(translation, to: &text)
      holds = ChainHash(hashing: text) == hash
    }
    return holds ?? false
  }

  /// Whether it is the hash of the service port that the chain's comments claim.
  func holdsForClaim(using text: inout [UInt8]) -> Bool {
    let rules = knowledge.content.chains[chain].rules
    for rule in 0..<rules.count {
      let line = rules.line(at: rule)
      let bytes = line.span
      guard let comment = RuleOutline.comment(in: bytes),
        let claim = ServicePortComment(bytes.extracting(comment))
      else { continue }
      return holds(for: claim, using: &text)
    }
    return false
  }

  /// Whether it is the hash of the service port that a comment claims.
  func holds(for claim: ServicePortComment, using text: inout [UInt8]) -> Bool {
    for transport in TransportProtocol.allCases {
      text = claim.literal
      if holds(transport, using: &text) { return true }
    }
    return false
  }

  /// The same of the service port whose name `text` holds.
  private func holds(_ transport: TransportProtocol, using text: inout [UInt8]) -> Bool {
    text.append(contentsOf: transport.chainNameText.utf8)
    let end = text.count
    var holds = false
    knowledge.translations.forEach(of: chain) { translation in
      guard !holds else { return }
      text.removeSubrange(end...)
      append(translation, to: &text)
      holds = ChainHash(hashing: text) == hash
    }
    return holds
  }

  private func append(
    _ translation: EndpointTranslations.Translation, to text: inout [UInt8]
  ) {
    if translation.destination.append(to: &text) { return }
    let rules = knowledge.content.chains[chain].rules
    if case .destinationNAT(let destination) = rules.outcome(at: Int(translation.rule)) {
      text.append(contentsOf: destination.description.utf8)
    }
  }
}

/// Which service ports lead to each endpoint's chain: nearly always one.
struct EndpointUsers {
  /// For each chain, the last service port that was found to lead to it.
  private var last: [Int32]
  /// The ones before, where there are several.
  private var others: [Int: [Int32]] = [:]

  init(chainCount: Int) { last = Array(repeating: ServiceMap.unowned, count: chainCount) }

  /// Notes that a service port leads to a chain; false where that is known.
  ///
  /// Each service port's are noted in one go.
  mutating func insert(_ service: Int32, of chain: Int) -> Bool {
    let known = last[chain]
    guard known != service else { return false }
    if known >= 0 { others[chain, default: []].append(known) }
    last[chain] = service
    return true
  }

  func isUsed(_ chain: Int) -> Bool { last[chain] >= 0 }

  /// The service port that leads to the chain, where it is only one.
  func only(of chain: Int) -> Int32? { others[chain] == nil ? last[chain] : nil }

  func contains(_ service: Int32, of chain: Int) -> Bool {
    last[chain] == service || others[chain]?.contains(service) ?? false
  }

  /// The first that fulfils the condition.
  func first(of chain: Int, where condition: (Int32) -> Bool) -> Int32? {
    if condition(last[chain]) { return last[chain] }
    return others[chain]?.first(where: condition)
  }
}
