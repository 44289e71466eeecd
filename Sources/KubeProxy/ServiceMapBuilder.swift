internal import Netfilter

/// Works out whose the rules are: first who is dispatched to, then what can be reached from there,
/// then what names a service port without leading anywhere.
struct ServiceMapBuilder {
  let knowledge: ChainKnowledge?
  private let filter: TableContent?

  /// The service ports, in the order in which they were found; owners are indices of them.
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
  var literals: [[UInt8]] = []
  /// For each service port, a hash of its name and protocol; never 0.
  var identityHashes: [Int] = []
  /// By service port: its index.
  private var byPort: [ServicePort: Int32] = [:]
  /// By name as it stands in comments: the service ports of that name.
  var byLiteral: [[UInt8]: [Int32]] = [:]
  /// For each chain of nat, the index of its service port.
  var chainOwners: [Int32]
  /// For each endpoint's chain of nat, a hash of the service port that it was found to be of; 0 for all
  /// others.
  var endpointVerdicts: [Int]
  /// The same of the chains known before.
  let formerVerdicts: [Int]
  /// How many more hashes may be spent on finding out whose chains are that aren't their user's.
  var searchesLeft = 50_000

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

  struct PlacedRule {
    let rule: DispatchRule
    /// The position in the table, counted over all chains.
    let position: Int
    let chain: ChainName
  }

  func dispatchRules(
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

  mutating func addService(_ port: ServicePort, literal: [UInt8]) -> Int32 {
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

  /// Whether the rule's comment, if it is kube-proxy's at all, names that service port.
  private func agrees(_ rule: DispatchRule, with literal: [UInt8]) -> Bool {
    rule.comment.map { $0.literal == literal } ?? true
  }

  private mutating func own(natRule position: Int, in chain: ChainName, _ service: Int32) {
    natOwners[position] = service
    services[Int(service)].natRules += 1
    if chain == .kubeNodePorts { services[Int(service)].nodePortRules += 1 }
  }
}
