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

  /// Packets are sent to so many service ports first. Where they fail in the same way, others are sent to more.
  private static let sampleSize = 3
  /// So many service ports stand for all.
  private static let generalSample = 64

  init?(_ snapshot: FamilySnapshot, _ map: ServiceMap, _ mode: KubeProxyMode) {
    guard let nat = snapshot.table(.nat)?.content, !mode.servesElsewhere else { return nil }
    self.snapshot = snapshot
    self.nat = nat
    self.map = map
    targets = ServiceTargets(nat, map)
    guard let pod = targets.podAddress(notOf: targets.clusterIPs(Self.sampleSize)) else { return }
    let sources = ProbeSources(
      snapshot, nodeAddress: nat.nodeAddresses.last { !$0.isLoopback }, pod: pod)
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

  /// Packets of these protocols to service ports that stand for all, from another machine than the first packets. The
  /// few that stand first may have more in common, such as their endpoints.
  private func sample(
    _ shape: Probe.Shape, _ sources: ProbeSources, of protocols: Set<TransportProtocol>
  ) -> some Sequence<Probe> {
    let all = targets.first(.max, of: shape, sources).filter {
      protocols.contains($0.servicePort.transport)
    }
    let step = max(1, all.count / Self.generalSample)
    return stride(from: 0, to: all.count, by: step).lazy.map { [snapshot] in
      Probe(shape, to: all[$0], from: sources, machine: 1, in: snapshot)
    }
  }

  /// Packets of all that may send them.
  private func probes(
    _ shape: Probe.Shape, _ target: ServiceTarget, _ sources: ProbeSources
  ) -> [Probe] {
    (0..<(shape == .outsideToNodePort ? sources.outside.count : 1)).map {
      Probe(shape, to: target, from: sources, machine: $0, in: snapshot)
    }
  }

  /// The number of service ports that have endpoints.
  private var servicePorts: String {
    Finding.count(map.services.count { $0.dnatTargets > 0 }, "service port")
  }

  /// Jumps to kube-proxy's chains that packets of some senders never come to, because of a rule before them.
  private mutating func findUnreached(_ probes: [Probe], _ sources: ProbeSources) {
    for hook in Hook.services + Hook.plumbing where hook.table == .nat && nat.has(hook) {
      let isAnswer = hook.target == .kubePostrouting
      let isConcerned = { (probe: Probe) in
        isAnswer ? probe.lacksMasquerade : probe.shape.hook.chain == hook.chain
      }
      let decision = { [nat] (probe: Probe) -> [RuleAddress] in
        probe.visits(hook, in: nat) ? [] : probe.cause(before: hook)
      }
      var shapes: [[RuleAddress]: [Probe.Shape]] = [:]
      for shape in Probe.Shape.allCases {
        let concerned = probes.filter { $0.shape == shape && isConcerned($0) }
        guard let cause = concerned.first.map(decision), !cause.isEmpty,
          concerned.allSatisfy({ decision($0) == cause }),
          sample(shape, sources, of: concerned.protocols).allSatisfy({
            !isConcerned($0) || decision($0) == cause
          })
        else { continue }
        shapes[cause, default: []].append(shape)
      }
      for (cause, shapes) in shapes { all.append(unreached(hook, isAnswer, cause, shapes)) }
    }
  }

  private func unreached(
    _ hook: Hook, _ isAnswer: Bool, _ cause: [RuleAddress], _ shapes: [Probe.Shape]
  ) -> Finding {
    let effect =
      isAnswer
      ? "packets that should be masqueraded keep their source: \(servicePorts)"
      : shapes.map { $0.loss(of: servicePorts) }.joined(separator: ", and ")
    return Finding(
      .hookJumpUnreached, in: nat, chains: [hook.chain, hook.target], rules: places(cause),
      mark: [hook.target.hashValue, shapes.hashValue].hashValue,
      "because of \(description(of: cause)), \(effect): \(isAnswer ? "they" : "their packets") don't come "
        + "to the jump from \(hook.chain) to \(hook.target)")
  }

  /// Rules and policies that drop or reject what goes to services, whatever the service port is.
  private mutating func findDropped(_ probes: [Probe], _ sources: ProbeSources) {
    var shapes: [WalkEnd: (shapes: [Probe.Shape], isAll: Bool)] = [:]
    for shape in Probe.Shape.allCases {
      let sent = probes.filter { $0.shape == shape && $0.isForwarded }
      let failures = Set(sent.compactMap(\.failure))
      if failures.isEmpty { continue }
      let all = Array(sample(shape, sources, of: sent.protocols)).filter(\.isForwarded)
      for failure in failures {
        // Some endpoints may be nodes, which other rules are for.
        let failed = all.count { $0.failure == failure }
        guard failed * 2 > all.count else { continue }
        let (others, isAll) = shapes[failure] ?? ([], true)
        shapes[failure] = (others + [shape], isAll && failed == all.count)
      }
    }
    for (end, (shapes, isAll)) in shapes {
      let senders = shapes.map(\.senders).joined(separator: ", ")
      let effect =
        "what comes from \(senders) to the endpoints of \(isAll ? "" : "most of ")\(servicePorts)"
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
    let services = nat.foreignRules(among: .kubeServices)
    let nodePorts = nat.foreignRules(among: .kubeNodePorts)
    for shape in Probe.Shape.allCases {
      let rules =
        nat.foreignRules(before: .kubeServices, in: shape.hook.chain) + services
        + (shape == .outsideToNodePort ? nodePorts : [])
      let targets = rules.isEmpty ? [] : targets.first(.max, of: shape, sources)
      for rule in rules.prefix(Self.mostRules) where !isKnown(rule.address) {
        let outline = nat.chains[rule.address.chain].rules.outline(at: rule.address.position)
        for target in targets.lazy.filter(outline.mayMatch).prefix(Self.sampleSize) {
          let probes = probes(shape, target, sources)
          guard probes.allSatisfy({ $0.isTaken(by: rule, map) }) else { continue }
          add(rule, probes[0])
          break
        }
      }
    }
  }

  private func isKnown(_ rule: RuleAddress) -> Bool {
    all.contains {
      $0.anomaly == .serviceIntercepted
        && $0.rules.contains { $0.isAt(rule.chain, rule.position) }
    }
  }

  private mutating func add(_ rule: ForeignRule, _ probe: Probe) {
    let shape = probe.shape
    let isNested = rule.root != rule.address
    let rules = isNested ? [rule.root, rule.address] : [rule.root]
    let place = shape == .outsideToNodePort ? "the NodePort" : "the cluster IP"
    all.append(
      Finding(
        .serviceIntercepted, in: nat, chains: [nat.chains[rule.root.chain].name],
        rules: places(rules), servicePort: probe.servicePort,
        mark: nat.chains[rule.address.chain].rules.line(at: rule.address.position).hashValue,
        "\(description(of: rules)) \(isNested ? "take" : "takes") what \(shape.who) "
          + "\(shape == .nodeToClusterIP ? "sends" : "send") to \(place) of "
          + "\(probe.servicePort), before kube-proxy's rules see it"))
  }
}

/// A rule that kube-proxy did not write, where packets come to before its own.
private struct ForeignRule {
  /// The rule itself.
  let address: RuleAddress
  /// The rule among kube-proxy's, or in the built-in chain, that leads to it: itself where it stands there.
  let root: RuleAddress
}

extension [Probe] {
  fileprivate var protocols: Set<TransportProtocol> { Set(map(\.servicePort.transport)) }
}

extension Probe {
  /// Whether rules translated the destination, on all ways, to an endpoint that is another machine's or a pod's.
  /// The API server's may be the node itself.
  fileprivate var isForwarded: Bool {
    !servicePort.isAPIServer && walk.outcomes.allSatisfy { $0.state.destinationRule != nil }
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
    // What connection tracking doesn't see, nat doesn't see either.
    let untracking = Set(walk.outcomes.map(\.state.untrackingRule))
    if untracking.count == 1, case .some(let rule?) = untracking.first { return [rule] }
    return decision(at: stage, in: hook.table)
  }

  /// Whether the rule matches the packet for certain, and no chain of the service port gets it.
  fileprivate func isTaken(by rule: ForeignRule, _ map: ServiceMap) -> Bool {
    let matched = walk.steps.filter { $0.match == .yes }
    guard matched.contains(where: { $0.rule == rule.address }) else { return false }
    // What another chain returns goes on to kube-proxy's.
    if rule.root != rule.address,
      matched.last(where: { $0.hook == shape.hook && $0.rule.table == .nat && $0.depth == 0 })?.rule
        != rule.root
    {
      return false
    }
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

  /// The rules that look at where a packet goes, in a built-in chain before its first jump to kube-proxy's chain. Where
  /// a rule before it leads every packet to another chain, that chain's rules are among them.
  fileprivate func foreignRules(before target: ChainName, in name: ChainName) -> [ForeignRule] {
    guard let chain = chainIndex(of: name), let end = chains[chain].rules.firstJump(to: target)
    else { return [] }
    var rules: [ForeignRule] = []
    var visited: Set<Int> = [chain]
    for position in 0..<end {
      let root = RuleAddress(table: self.name, chain: chain, position: position)
      var pending = [root]
      while let address = pending.popLast() {
        let outline = chains[address.chain].rules.outline(at: address.position)
        if outline.destination != nil || outline.ipProtocol != nil {
          rules.append(ForeignRule(address: address, root: root))
        } else if let next = outline.outcome.chain.flatMap(chainIndex),
          visited.insert(next).inserted
        {
          pending += chains[next].rules.indices.reversed().map {
            RuleAddress(table: self.name, chain: next, position: $0)
          }
        }
      }
    }
    return rules
  }

  /// The rules of a chain of kube-proxy's that lead to none of its chains.
  fileprivate func foreignRules(among name: ChainName) -> [ForeignRule] {
    guard let chain = chainIndex(of: name) else { return [] }
    let rules = chains[chain].rules
    return rules.indices.filter { rules.chain(at: $0).map { ChainRole($0) == .other } ?? true }
      .map {
        let address = RuleAddress(table: self.name, chain: chain, position: $0)
        return ForeignRule(address: address, root: address)
      }
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
