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
  private var identities: [ChainHash: Identity] = [:]
  /// By service port: its index.
  private var byPort: [ServicePort: Int32] = [:]
  /// By name as it stands in comments: the service ports of that name.
  private var byLiteral: [[UInt8]: [Int32]] = [:]
  /// For each chain of nat, the index of its service port.
  private var chainOwners: [Int32]

  private struct Identity {
    let service: Int32
    let literal: [UInt8]
    let transport: TransportProtocol
  }

  init(nat: TableContent?, filter: TableContent?, knowledge previous: ChainKnowledge?) {
    self.knowledge = nat.map { ChainKnowledge($0, previous: previous) }
    self.filter = filter
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
        ChainHash(servicePort: comment.literal, transport) == hash,
        let port = comment.servicePort(transport)
      else { continue }
      let service = addService(port, literal: comment.literal)
      identities[hash] = Identity(
        service: service, literal: comment.literal, transport: transport)
    }
  }

  private mutating func addService(_ port: ServicePort, literal: [UInt8]) -> Int32 {
    let service = byPort[port] ?? Int32(services.count)
    if byPort.updateValue(service, forKey: port) == nil { services.append(Service(port: port)) }
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
    /// For each endpoint's chain, who jumps to it.
    var users: [Int: [Identity]] = [:]
    var pending = entrances.compactMap { knowledge.positions[$0] }
    while let index = pending.popLast() {
      guard chainOwners[index] < 0, case .service(let family, let hash) = knowledge.roles[index],
        family != .endpoint, let identity = identities[hash]
      else { continue }
      ownChain(index, identity.service, knowledge)
      for jump in knowledge.facts[index].jumps {
        guard let target = knowledge.positions[jump] else { continue }
        switch knowledge.roles[target] {
        case .service(.endpoint, _): users[target, default: []].append(identity)
        case .service(_, hash): pending.append(target)
        default: break
        }
      }
    }
    attributeEndpoints(users, knowledge)
  }

  private mutating func attributeEndpoints(
    _ users: [Int: [Identity]], _ knowledge: ChainKnowledge
  ) {
    var destinations: [Int32: Set<AddressTranslation>] = [:]
    for (index, identities) in users.sorted(by: { $0.key < $1.key }) {
      let facts = knowledge.facts[index]
      for service in Set(identities.lazy.map(\.service)) {
        services[Int(service)].sepChains += 1
        destinations[service, default: []].formUnion(facts.translations.lazy.map(\.destination))
      }
      guard let owner = owner(ofEndpoint: index, among: identities, knowledge) else { continue }
      ownChain(index, owner, knowledge)
      let first = knowledge.content.firstRules[index]
      for translation in facts.translations {
        connectionRules.append(
          ServiceMap.ConnectionRule(
            rule: first + translation.rule, chain: index, service: owner))
      }
    }
    for (service, targets) in destinations { services[Int(service)].dnatTargets = targets.count }
  }

  /// Whose an endpoint's chain is: the one's who jumps to it; where several do, or its comment claims
  /// another, the one's whose name and destination its name is the hash of.
  private func owner(
    ofEndpoint index: Int, among users: [Identity], _ knowledge: ChainKnowledge
  ) -> Int32? {
    guard let first = users.first, case .service(_, let hash) = knowledge.roles[index] else {
      return nil
    }
    let facts = knowledge.facts[index]
    let isShared = users.contains { $0.service != first.service }
    if !isShared, facts.claim == nil || facts.claim == first.literal { return first.service }
    func proves(_ literal: [UInt8], _ transport: TransportProtocol) -> Bool {
      facts.translations.contains {
        ChainHash(servicePort: literal, transport, endpoint: $0.destination.description) == hash
      }
    }
    if let proven = users.first(where: { proves($0.literal, $0.transport) }) {
      return proven.service
    }
    if let claim = facts.claim, TransportProtocol.allCases.contains(where: { proves(claim, $0) }) {
      return nil
    }
    return first.service
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
      for jump in knowledge.facts[index].jumps {
        guard let target = knowledge.positions[jump], !isReached[target] else { continue }
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
    for placed in rules {
      guard let comment = placed.rule.comment,
        let service = filterOwner(of: placed.rule, comment)
      else { continue }
      filterOwners[placed.position] = service
      services[Int(service)].filterRules += 1
      guard placed.rule.blocks else { continue }
      switch comment.purpose {
      case .noEndpoints: services[Int(service)].blocked.insert(.noEndpoints)
      case .noLocalEndpoints: services[Int(service)].blocked.insert(.noLocalEndpoints)
      default: break
      }
    }
  }

  private mutating func filterOwner(
    of rule: DispatchRule, _ comment: ServicePortComment
  ) -> Int32? {
    let named = byLiteral[comment.literal] ?? []
    guard let transport = rule.selector.transport else { return nil }
    let exact = named.first { services[Int($0)].port.transport == transport }
    switch comment.purpose {
    case .noEndpoints, .noLocalEndpoints:
      guard rule.blocks else { return nil }
      if let exact { return exact }
      return comment.servicePort(transport).map { addService($0, literal: comment.literal) }
    case .healthCheck:
      // Always TCP, whatever the service port is.
      return exact ?? named.first
    case .notAccepted(let chain):
      guard case .service(_, ChainHash(servicePort: comment.literal, transport)) = ChainRole(chain)
      else { return nil }
      return exact
    case .dispatch, .other:
      return nil
    }
  }
}
