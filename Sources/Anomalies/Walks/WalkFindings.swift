internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// What keeps packets from services, though all of kube-proxy's rules may be there: found by packets that
/// walk through the rules.
struct WalkFindings {
  private let snapshot: FamilySnapshot
  private let nat: TableContent
  private let map: ServiceMap
  private let targets: ServiceTargets
  private(set) var all: [Finding] = []

  /// So many service ports are asked first. Where each of them fails in the same way, more are asked.
  private static let sampleSize = 3
  /// A finding speaks of all service ports only if so many of them fail, or all if there are fewer.
  private static let generalSample = 64

  init?(_ snapshot: FamilySnapshot, _ map: ServiceMap, _ mode: KubeProxyMode) {
    guard let nat = snapshot.table(.nat)?.content, !mode.servesElsewhere else { return nil }
    self.snapshot = snapshot
    self.nat = nat
    self.map = map
    targets = ServiceTargets(nat, map)
    guard let pod = targets.podAddress(notOf: targets.clusterIPs(Self.sampleSize)) else { return }
    let sources = ProbeSources(snapshot, nodeAddress: nat.nodeAddresses.last, pod: pod)
    var probes: [Probe] = []
    for shape in Probe.Shape.allCases {
      probes += targets.first(Self.sampleSize, of: shape, sources).map {
        Probe(shape, to: $0, from: sources, in: snapshot)
      }
    }
    findUnreached(probes, sources)
    findDropped(probes, sources)
    findIntercepted(sources)
  }

  /// Whether the same is true of packets of these protocols to other service ports. A few that stand first may
  /// have more in common, such as their endpoints.
  private func isGeneral(
    _ shape: Probe.Shape, _ sources: ProbeSources, of protocols: Set<TransportProtocol>,
    _ isSame: (Probe) -> Bool
  ) -> Bool {
    let all = targets.first(.max, of: shape, sources).filter {
      protocols.contains($0.servicePort.transport)
    }
    let step = max(1, all.count / Self.generalSample)
    return stride(from: 0, to: all.count, by: step).allSatisfy {
      isSame(Probe(shape, to: all[$0], from: sources, in: snapshot))
    }
  }

  /// The number of service ports that have endpoints.
  private var servicePorts: String {
    Finding.count(map.services.count { $0.dnatTargets > 0 }, "service port")
  }

  /// Jumps to kube-proxy's chains that packets never come to, because of a rule before them.
  private mutating func findUnreached(_ probes: [Probe], _ sources: ProbeSources) {
    for hook in Hook.services + Hook.plumbing where hook.table == .nat && nat.has(hook) {
      let isAnswer = hook.target == .kubePostrouting
      let isConcerned = { (probe: Probe) in
        isAnswer ? probe.lacksMasquerade : probe.shape.hook.chain == hook.chain
      }
      let decision = { [nat] (probe: Probe) -> [RuleAddress] in
        probe.visits(hook, in: nat) ? [] : probe.cause(before: hook)
      }
      let concerned = probes.filter(isConcerned)
      guard let cause = concerned.first.map(decision), !cause.isEmpty,
        concerned.allSatisfy({ decision($0) == cause }),
        Set(concerned.map(\.shape)).allSatisfy({ shape in
          isGeneral(shape, sources, of: concerned.protocols) {
            !isConcerned($0) || decision($0) == cause
          }
        })
      else { continue }
      all.append(unreached(hook, isAnswer, cause))
    }
  }

  private func unreached(_ hook: Hook, _ isAnswer: Bool, _ cause: [RuleAddress]) -> Finding {
    let places = places(cause)
    let effect =
      isAnswer
      ? "so packets that should be masqueraded keep their source: \(servicePorts)"
      : "so \(hook.chain == "OUTPUT" ? "the node reaches" : "pods and other machines reach") none of "
        + "\(servicePorts) there"
    return Finding(
      .hookJumpUnreached, in: nat, chains: [hook.chain, hook.target], rules: places,
      mark: hook.target.hashValue,
      "no packet comes to the jump from \(hook.chain) to \(hook.target), because of "
        + "\(description(of: cause)), \(effect)")
  }

  /// Rules and policies that drop or reject what goes to services, whatever the service port is.
  private mutating func findDropped(_ probes: [Probe], _ sources: ProbeSources) {
    var shapes: [WalkEnd: [Probe.Shape]] = [:]
    for shape in Probe.Shape.allCases {
      let sent = probes.filter { $0.shape == shape && $0.isTranslated }
      guard let failure = sent.first?.failure, sent.allSatisfy({ $0.failure == failure }),
        isGeneral(
          shape, sources, of: sent.protocols, { !$0.isTranslated || $0.failure == failure })
      else { continue }
      shapes[failure, default: []].append(shape)
    }
    for (end, shapes) in shapes {
      let senders = shapes.map(\.senders).joined(separator: ", ")
      let effect = "what comes from \(senders) to the endpoints of \(servicePorts)"
      switch end {
      case .dropped(let rule), .rejected(let rule):
        guard let content = snapshot.table(rule.table)?.content else { continue }
        let verb = if case .dropped = end { "drops" } else { "rejects" }
        all.append(
          content.finding(
            .serviceTrafficDropped, chain: rule.chain, [rule.position], mark: end.hashValue,
            "\(description(of: [rule])) \(verb) \(effect)"))
      case .droppedByPolicy(let table, let chain):
        guard let content = snapshot.table(table)?.content else { continue }
        all.append(
          content.finding(
            .serviceTrafficDropped, chain: chain, [], mark: end.hashValue,
            "the policy of \(content.chains[chain].name) drops \(effect): no rule accepts it"))
      case .deliveredHere, .sent, .undetermined, .loop, .tooLong: continue
      }
    }
  }

  private func places(_ rules: [RuleAddress]) -> [RulePlace] {
    rules.flatMap { rule in
      snapshot.table(rule.table)?.content.places([rule.position], in: rule.chain) ?? []
    }
  }

  /// `rule 3 of PREROUTING`, or `rule 3 of PREROUTING and rule 1 of CHAIN`.
  private func description(of rules: [RuleAddress]) -> String {
    rules.map { rule in
      let chain = snapshot.table(rule.table)?.content.chains[rule.chain].name.description ?? ""
      let table = rule.table == .nat || rule.table == .filter ? "" : " in \(rule.table.rawValue)"
      return "rule \(rule.position + 1) of \(chain)\(table)"
    }.joined(separator: " and ")
  }
}

/// Rules that take the packets of single service ports.
extension WalkFindings {
  /// No more foreign rules than this are tried.
  private static let mostRules = 32

  fileprivate mutating func findIntercepted(_ sources: ProbeSources) {
    let services = nat.foreignRules(among: .kubeServices, map)
    var clusterIPs: [ServiceTarget]?
    for shape in [Probe.Shape.podToClusterIP, .nodeToClusterIP] {
      let rules = nat.foreignRules(before: .kubeServices, in: shape.hook.chain) + services
      for rule in rules.prefix(Self.mostRules) {
        let all = clusterIPs ?? targets.clusterIPs(.max)
        clusterIPs = all
        let outline = nat.chains[rule.chain].rules.outline(at: rule.position)
        let isKnown = self.all.contains { $0.anomaly == .serviceIntercepted && $0.isAbout(rule) }
        for target in all.lazy.filter(outline.mayMatch).prefix(Self.sampleSize) where !isKnown {
          let probe = Probe(shape, to: target, from: sources, in: snapshot)
          guard probe.isTaken(by: rule, map) else { continue }
          add(rule, probe)
          break
        }
      }
    }
  }

  private mutating func add(_ rule: RuleAddress, _ probe: Probe) {
    let shape = probe.shape
    all.append(
      nat.finding(
        .serviceIntercepted, chain: rule.chain, [rule.position], servicePort: probe.servicePort,
        mark: nat.chains[rule.chain].rules.line(at: rule.position).hashValue,
        "\(description(of: [rule])) takes what \(shape.senders) "
          + "\(shape == .nodeToClusterIP ? "sends" : "send") to the cluster IP of "
          + "\(probe.servicePort), before kube-proxy's rules see it"))
  }
}

extension Finding {
  fileprivate func isAbout(_ rule: RuleAddress) -> Bool {
    rules.contains { $0.isAt(rule.chain, rule.position) }
  }
}

extension [Probe] {
  fileprivate var protocols: Set<TransportProtocol> { Set(map(\.servicePort.transport)) }
}

extension Probe {
  /// Whether kube-proxy's rules translated the destination, on all ways.
  fileprivate var isTranslated: Bool {
    walk.outcomes.allSatisfy { $0.state.destinationRule != nil }
  }

  /// Whether rules marked the packet, and none masquerades it.
  fileprivate var lacksMasquerade: Bool {
    !walk.outcomes.isEmpty
      && walk.outcomes.allSatisfy {
        $0.end.isDelivered && $0.state.destinationRule != nil && $0.state.mark != Mark()
          && $0.state.sourceRule == nil
      }
  }

  /// The rules because of which the packet never comes to a jump; empty where that isn't certain.
  fileprivate func cause(before hook: Hook) -> [RuleAddress] {
    guard let stage = PacketHook.allCases.first(where: { $0.chain == hook.chain }) else {
      return []
    }
    // What is dropped later has passed the hook.
    if let end = failure, case .dropped(let rule) = end, walk.steps.last?.hook == stage {
      return [rule]
    }
    return decision(at: stage, in: hook.table)
  }

  /// Whether the rule matches the packet for certain, and no chain of the service port gets it.
  fileprivate func isTaken(by rule: RuleAddress, _ map: ServiceMap) -> Bool {
    guard walk.steps.contains(where: { $0.rule == rule && $0.match == .yes }) else { return false }
    return walk.outcomes.allSatisfy { outcome in
      guard let translation = outcome.state.destinationRule else { return true }
      return map.servicePort(ofChainAt: translation.chain) != servicePort
    }
  }
}

extension TableContent {
  /// Whether a rule of the built-in chain leads to the target.
  fileprivate func has(_ hook: Hook) -> Bool {
    chainIndex(of: hook.chain).flatMap { chains[$0].rules.firstJump(to: hook.target) } != nil
  }

  /// The rules of a built-in chain that stand before its first jump to kube-proxy's chain and look at where
  /// a packet goes.
  fileprivate func foreignRules(before target: ChainName, in name: ChainName) -> [RuleAddress] {
    guard let chain = chainIndex(of: name), let end = chains[chain].rules.firstJump(to: target)
    else { return [] }
    let rules = chains[chain].rules
    return (0..<end).filter { position in
      let outline = rules.outline(at: position)
      return outline.destination != nil || outline.ipProtocol != nil
    }.map { RuleAddress(table: self.name, chain: chain, position: $0) }
  }

  /// The rules of a chain of kube-proxy's that lead to none of its chains.
  fileprivate func foreignRules(among name: ChainName, _ map: ServiceMap) -> [RuleAddress] {
    guard let chain = chainIndex(of: name) else { return [] }
    let rules = chains[chain].rules
    return rules.indices.filter { position in
      guard map.owner(ofRule: position, ofChainAt: chain, in: self) == nil else { return false }
      return rules.chain(at: position).map { ChainRole($0) == .other } ?? true
    }.map { RuleAddress(table: self.name, chain: chain, position: $0) }
  }
}

extension RuleOutline {
  /// Whether the rule may match what goes to a service port.
  fileprivate func mayMatch(_ target: ServiceTarget) -> Bool {
    if let ipProtocol, ipProtocol != target.ipProtocol { return false }
    if let destinationPort, destinationPort != target.port { return false }
    return destination?.matches(target.address) ?? true
  }
}
