internal import Netfilter

/// Works out whose the rules are: first who is dispatched to, then what can be reached from there,
/// then what names a service port without leading anywhere.
struct ServiceMapBuilder {
  let knowledge: ChainKnowledge?
  private let filter: TableContent?

  var services: [Service] = []
  var natOwners: [Int32]
  var filterOwners: [Int32]
  var connectionRules: [ServiceMap.ConnectionRule] = []
  var orphanChains = 0
  var unnamedChains = 0

  /// By the hash that a service port's chains share: its index, and what went into the hash.
  private(set) var identities: [ChainHash: ServiceIdentity] = [:]
  /// What was proven before, which saves hashing it again.
  private let proven: [ChainHash: ServiceIdentity]
  /// For each service port, its name as kube-proxy wrote it.
  private var literals: [[UInt8]] = []
  /// For each service port, a hash of its name and protocol; never 0.
  private var identityHashes: [Int] = []
  /// By service port: its index.
  private var byPort: [ServicePort: Int32] = [:]
  /// By name as it stands in comments: the service ports of that name.
  private var byLiteral: [[UInt8]: [Int32]] = [:]
  /// For each chain of nat, the index of its service port.
  private var chainOwners: [Int32]
  /// For each endpoint's chain of nat, a hash of the service port that it was found to be of; 0 for all
  /// others.
  private(set) var endpointVerdicts: [Int]
  /// The same of the chains known before.
  private let formerVerdicts: [Int]
  /// How many more hashes may be spent on finding out whose chains are that aren't their user's.
  private var searchesLeft = 50_000

  init(nat: TableContent?, filter: TableContent?, previous: ServiceMap?) {
    self.knowledge = nat.map { ChainKnowledge($0, previous: previous?.knowledge) }
    self.filter = filter
    self.proven = previous?.identities ?? [:]
    endpointVerdicts = Array(repeating: 0, count: nat?.chains.count ?? 0)
    formerVerdicts = previous?.endpointVerdicts ?? []
    natOwners = Array(repeating: ServiceMap.unowned, count: nat?.ruleCount ?? 0)
    filterOwners = Array(repeating: ServiceMap.unowned, count: filter?.ruleCount ?? 0)
    chainOwners = Array(repeating: ServiceMap.unowned, count: nat?.chains.count ?? 0)
  }

  mutating func build() {
    if let knowledge {
      let dispatch = dispatchRules(of: knowledge.content, [.kubeServices, .kubeNodePorts])
      identify(dispatch)
      let entrances = attribute(dispatch)
      attributeChains(from: entrances, knowledge)
      countOrphans(knowledge)
    }
    if let filter { attributeFilter(filter) }
  }

  // MARK: Dispatch

  private struct PlacedRule {
    let rule: DispatchRule
    /// The position in the table, counted over all chains.
    let position: Int
    let chain: ChainName
  }

  private func dispatchRules(
    of content: TableContent, _ names: [ChainName]
  ) -> [PlacedRule] {
    var placed: [PlacedRule] = []
    for (index, chain) in content.chains.enumerated() where names.contains(chain.name) {
      for (offset, rule) in chain.rules.enumerated() {
        placed.append(
          PlacedRule(
            rule: DispatchRule(rule), position: content.firstRules[index] + offset,
            chain: chain.name))
      }
    }
    return placed
  }

  /// Learns the service ports from the rules whose comment the chain's hash proves.
  private mutating func identify(_ dispatch: [PlacedRule]) {
    for placed in dispatch {
      guard let (_, hash) = placed.rule.serviceChain, identities[hash] == nil,
        let comment = placed.rule.comment, let transport = placed.rule.selector.transport,
        let port = provenPort(comment, transport, hash)
      else { continue }
      let service = addService(port, literal: comment.literal)
      identities[hash] = ServiceIdentity(service: service, literal: comment.literal, port: port)
    }
  }

  /// The service port that a comment claims, if the hash is of it.
  private func provenPort(
    _ comment: ServicePortComment, _ transport: TransportProtocol, _ hash: ChainHash
  ) -> ServicePort? {
    if let known = proven[hash], known.literal == comment.literal,
      known.port.transport == transport
    {
      return known.port
    }
    guard ChainHash(servicePort: comment.literal, transport) == hash else { return nil }
    return comment.servicePort(transport)
  }

  private mutating func addService(_ port: ServicePort, literal: [UInt8]) -> Int32 {
    let service = byPort[port] ?? Int32(services.count)
    if byPort.updateValue(service, forKey: port) == nil {
      services.append(Service(port: port))
      literals.append(literal)
      var hasher = Hasher()
      hasher.combine(literal)
      hasher.combine(port.transport)
      identityHashes.append(hasher.finalize() | 1)
    }
    if byLiteral[literal]?.contains(service) != true {
      byLiteral[literal, default: []].append(service)
    }
    return service
  }

  /// Attributes the dispatch rules, and tells which chains they lead to.
  private mutating func attribute(_ dispatch: [PlacedRule]) -> [ChainName] {
    var entrances: [ChainName] = []
    var unnamed: Set<ChainName> = []
    var selectors: [DispatchRule.Selector: Int32] = [:]
    for placed in dispatch {
      guard let (chain, hash) = placed.rule.serviceChain else { continue }
      guard let identity = identities[hash] else {
        unnamed.insert(chain)
        continue
      }
      entrances.append(chain)
      // A comment that names another service port makes the rule nobody's, though not the chain.
      guard agrees(placed.rule, with: identity.literal) else { continue }
      selectors[placed.rule.selector] = identity.service
      own(natRule: placed.position, in: placed.chain, identity.service)
    }
    unnamedChains = unnamed.count
    // What stands beside them for the same packets: up to 1.21, the masquerade rules.
    for placed in dispatch where placed.rule.serviceChain == nil {
      guard let service = selectors[placed.rule.selector],
        placed.rule.comment.map({ byLiteral[$0.literal]?.contains(service) ?? false })
          ?? !placed.rule.hasComment
      else { continue }
      own(natRule: placed.position, in: placed.chain, service)
    }
    return entrances
  }

  private func agrees(_ rule: DispatchRule, with literal: [UInt8]) -> Bool {
    guard rule.hasComment else { return true }
    guard let comment = rule.comment else { return true }
    return comment.literal == literal
  }

  private mutating func own(natRule position: Int, in chain: ChainName, _ service: Int32) {
    natOwners[position] = service
    services[Int(service)].natRules += 1
    if chain == .kubeNodePorts { services[Int(service)].nodePortRules += 1 }
  }

  // MARK: Chains

  private mutating func attributeChains(
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
  private mutating func countOrphans(_ knowledge: ChainKnowledge) {
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

  // MARK: Filter

  private mutating func attributeFilter(_ filter: TableContent) {
    let rules = dispatchRules(
      of: filter,
      [.kubeServices, .kubeExternalServices, .kubeNodePorts, .kubeProxyFirewall])
    // Those that block first: they make service ports known that the others speak of.
    for placed in rules {
      guard let comment = placed.rule.comment, let reason = comment.blockReason,
        placed.rule.blocks, let service = blockedService(placed.rule, comment)
      else { continue }
      ownFilterRule(placed.position, service)
      services[Int(service)].blocked.insert(reason)
    }
    for placed in rules {
      guard let comment = placed.rule.comment,
        let service = mentionedService(placed.rule, comment)
      else { continue }
      ownFilterRule(placed.position, service)
    }
  }

  private mutating func ownFilterRule(_ position: Int, _ service: Int32) {
    filterOwners[position] = service
    services[Int(service)].filterRules += 1
  }

  /// The service port that a rule keeps traffic from; one that has nothing in nat becomes known here.
  private mutating func blockedService(
    _ rule: DispatchRule, _ comment: ServicePortComment
  ) -> Int32? {
    guard let transport = rule.selector.transport else { return nil }
    return servicePort(comment, transport)
      ?? comment.servicePort(transport).map { addService($0, literal: comment.literal) }
  }

  /// The service port that another rule of the filter table is there for.
  private func mentionedService(_ rule: DispatchRule, _ comment: ServicePortComment) -> Int32? {
    guard let transport = rule.selector.transport else { return nil }
    switch comment.purpose {
    case .healthCheck:
      // Always TCP, whatever the service port is.
      return servicePort(comment, transport) ?? byLiteral[comment.literal]?.first
    case .notAccepted(let chain):
      guard case .service(_, ChainHash(servicePort: comment.literal, transport)) = ChainRole(chain)
      else { return nil }
      return servicePort(comment, transport)
    case .dispatch, .noEndpoints, .noLocalEndpoints, .other:
      return nil
    }
  }

  private func servicePort(
    _ comment: ServicePortComment, _ transport: TransportProtocol
  ) -> Int32? {
    byLiteral[comment.literal]?.first { services[Int($0)].port.transport == transport }
  }
}
