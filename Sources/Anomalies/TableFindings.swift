internal import KubeProxy
internal import Netfilter

/// What is wrong with the filter table.
enum FilterFindings {
  static func find(in filter: TableContent, _ map: ServiceMap) -> [Finding] {
    var findings: [Finding] = []
    var withoutPort: [(chain: Int, positions: [Int])] = []
    for chain in filter.chains.indices where filter.chains[chain].name.isFilled {
      let (name, rules) = (filter.chains[chain].name, filter.chains[chain].rules)
      // Plumbing finds a RETURN in KUBE-FORWARD, and says what it prevents.
      let unguarded = UnguardedRules(in: rules, countsReturns: name != .kubeForward)
      findings += unguarded.findings(in: filter, chain: chain)
      if ChainRole(name) == .dispatch {
        withoutPort.append((chain, PortMatches.missing(in: filter, chain: chain, map)))
      }
      for positions in DuplicateRules.find(in: rules) where !unguarded.contains(positions[0]) {
        findings.append(DuplicateRules.finding(positions, in: filter, chain, map))
      }
    }
    if let fault = PortMatches.finding(withoutPort, in: filter, map) { findings.append(fault) }
    return findings + staleRejects(in: filter, map)
  }

  /// The service ports that rules of filter reject because they have no endpoints, and that nat's rules send
  /// to some.
  ///
  /// kube-proxy writes nothing into nat for a service port without endpoints. One that has none on this node
  /// only is another thing: it has a DROP, for a part of the traffic.
  private static func staleRejects(in filter: TableContent, _ map: ServiceMap) -> [Finding] {
    let rejected = Set(
      map.services.indices.filter { index in
        let service = map.services[index]
        return service.blocked.contains(.noEndpoints) && service.sepChains > 0
      })
    if rejected.isEmpty { return [] }
    var places: [Int: [RulePlace]] = [:]
    for chain in filter.chains.indices where ChainRole(filter.chains[chain].name) == .dispatch {
      let rules = filter.chains[chain].rules
      for position in rules.indices {
        guard let owner = map.owner(ofRule: position, ofChainAt: chain, in: filter),
          rejected.contains(owner), rules.outcome(at: position) == .blocked
        else { continue }
        places[owner, default: []] += filter.places([position], in: chain)
      }
    }
    return places.sorted { $0.key < $1.key }.map { owner, rules in
      let service = map.services[owner]
      let endpoints = Finding.count(service.sepChains, "endpoint")
      return Finding(
        .staleReject, in: filter, chains: rules.prefix(1).map(\.chain), rules: rules,
        servicePort: service.port, mark: service.port.hashValue,
        "filter rejects \(service.port) because it has no endpoints, and nat sends it to \(endpoints)"
      )
    }
  }
}

/// What is wrong with a table as a whole: chains and jumps that are missing or too many, and rules that
/// nobody uses.
enum TableFindings {
  /// Jumps from built-in chains to kube-proxy's and the kubelet's that are missing, or there twice; and other
  /// agents' that are there twice.
  static func hooks(in content: TableContent) -> [Finding] {
    let guards = Hook.guards.filter { hook in
      // Without rules it doesn't matter who comes there.
      content.chainIndex(of: hook.target).map { !content.chains[$0].rules.isEmpty } ?? false
    }
    let hooks = (Hook.services + Hook.plumbing + guards).filter { $0.table == content.name }
    let names = content.chainNames(among: [.kubeServices] + hooks.map(\.target))
    var findings: [Finding] = []
    for index in content.chains.indices.prefix(content.builtInCount) {
      let chain = content.chains[index]
      let jumps = Self.jumps(in: chain)
      // Without KUBE-SERVICES there is no kube-proxy that would serve by iptables.
      for hook in hooks where hook.chain == chain.name && names.contains(.kubeServices) {
        guard names.contains(hook.target), jumps[hook.target] == nil,
          !hook.isLate || content.isWrittenByLaterKubeProxy
        else { continue }
        findings.append(
          Finding(
            .hookJumpMissing, in: content, chains: [hook.chain, hook.target],
            mark: hook.target.hashValue, "no rule of \(hook.chain) leads to \(hook.target)"))
      }
      for (target, positions) in jumps.sorted(by: { $0.key < $1.key }) where positions.count > 1 {
        // Jumps for the same packets, whatever their comments say.
        let groups = Dictionary(grouping: positions) { chain.rules[$0].withoutComments }
        findings += groups.values.filter { $0.count > 1 }.map { positions in
          content.finding(
            .hookJumpDuplicated, chain: index, positions, also: [target], mark: target.hashValue,
            "\(chain.name) leads to \(target) \(positions.count) times, for the same packets")
        }
      }
    }
    return findings
  }

  /// By target, the positions of the rules that lead to chains of kube-proxy, the kubelet and some other
  /// agents.
  private static func jumps(in chain: Chain) -> [ChainName: [Int]] {
    let jumps = chain.rules.jumps.filter { _, target in
      target.isFilled || agents.contains { target.hasPrefix($0) }
    }
    return Dictionary(grouping: jumps, by: \.target).mapValues { $0.map(\.position) }
  }

  /// Agents that have been seen to add their jumps twice, by what their chains begin with.
  private static let agents: [ChainName] = ["cali-", "CNI-", "DOCKER", "ISTIO_"]

  private static let canaries: [ChainName] = ["KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"]

  /// Missing canaries: kube-proxy and the kubelet leave these chains in three tables, to see by their
  /// absence that somebody has flushed one.
  static func canaries(in tables: [TableContent]) -> [Finding] {
    let watched = tables.filter { Anomaly.canaryMissing.tables.contains($0.name) }
    let found = watched.map { $0.chainNames(among: canaries) }
    let expected = canaries.filter { canary in found.contains { $0.contains(canary) } }
    return zip(watched, found).compactMap { content, found in
      let missing = expected.filter { !found.contains($0) }
      if missing.isEmpty { return nil }
      let names = missing.map(\.description).joined(separator: " and ")
      return Finding(
        .canaryMissing, in: content, chains: missing,
        "\(content.name.rawValue) has no \(names), and other tables do")
    }
  }

  /// Rules that kube-proxy's iptables mode wrote for services, on a node where it is in another mode.
  ///
  /// Packets still meet them, before or instead of what kube-proxy writes now.
  ///
  /// - Returns: at most one finding for each table.
  static func ghosts(in tables: [TableContent], _ mode: KubeProxyMode) -> [Finding] {
    guard mode.servesElsewhere else { return [] }
    return tables.compactMap { content in
      let positions = content.chains.indices.map { Array(content.serviceRules(ofChainAt: $0)) }
      let rules = positions.enumerated().flatMap { content.places($1, in: $0) }
      if rules.isEmpty { return nil }
      let count = Finding.count(rules.count, "rule") + (rules.count == 1 ? " is" : " are")
      return Finding(
        .ghostRules, in: content,
        chains: positions.indices.filter { !positions[$0].isEmpty }.map { content.chains[$0].name },
        rules: rules, "\(count) for services, and kube-proxy is in \(mode.rawValue) mode")
    }
  }
}

extension Hook {
  /// Whether kube-proxy has written it since 1.14 only.
  fileprivate var isLate: Bool {
    table == .filter && chain == "FORWARD" && target == .kubeServices
  }
}

extension TableContent {
  /// Whether filter shows a kube-proxy of a version after 1.13: one that drops INVALID packets (1.15 on), or
  /// has chains that came later.
  fileprivate var isWrittenByLaterKubeProxy: Bool {
    if !chainNames(among: ["KUBE-PROXY-CANARY", .kubeNodePorts, .kubeProxyFirewall]).isEmpty {
      return true
    }
    guard let forward = chainIndex(of: .kubeForward) else { return false }
    let rules = chains[forward].rules
    return rules.indices.contains { rules.line(at: $0).span.asksForInvalid }
  }

  /// Those of some names that chains have.
  fileprivate func chainNames(among names: [ChainName]) -> Set<ChainName> {
    Set(names.filter { chainIndex(of: $0) != nil })
  }
}

extension Span<UInt8> {
  /// Whether the rule is for packets that conntrack can't place.
  fileprivate var asksForInvalid: Bool {
    var elements = LineElements()
    while let element = elements.next(self) {
      if isText("--ctstate", element.name), isText("INVALID", element.value) { return true }
    }
    return false
  }
}

/// Finds what somebody flushed, or kube-proxy never wrote, where it serves by iptables' rules. What follows
/// from that is counted in it.
enum LostRules {
  /// The faults of a table as they are to be reported.
  ///
  /// - Parameters:
  ///   - filter: The family's, if it was read.
  ///   - found: what was found in the table otherwise.
  static func causes(
    in content: TableContent, beside filter: TableContent?, _ map: ServiceMap, of found: [Finding]
  ) -> [Finding] {
    let isConsequence: (Finding) -> Bool = {
      [.orphanChain, .clusterIPMissing].contains($0.anomaly)
    }
    guard let services = content.chainIndex(of: .kubeServices) else {
      guard content.name == .nat, filter?.chainIndex(of: .kubeServices) != nil else { return found }
      let cause = Finding(
        .tableFlushed, in: content, chains: [.kubeServices],
        "filter has KUBE-SERVICES, and nat has not: kube-proxy's rules for services are gone")
      return [cause.causing(found.filter(isConsequence))] + found.filter { !isConsequence($0) }
    }
    if isFlushed(content, services) {
      let name = content.name.rawValue
      let cause = Finding(
        .tableFlushed, in: content, chains: [.kubeServices],
        "\(name) has kube-proxy's chains, no rule in them, and none that leads to them: "
          + "\(name) was flushed")
      return [cause.causing(found)]
    }
    guard content.name == .nat else { return found }
    if content.chains[services].rules.isEmpty {
      let cause = Finding(
        .servicesChainEmpty, in: content, chains: [.kubeServices],
        "KUBE-SERVICES has no rules: kube-proxy's sync never succeeded, or the chain was flushed")
      return [cause.causing(found.filter(isConsequence))]
        + found.filter { !isConsequence($0) }
    }
    return found + nodePortJump(in: content, map)
  }

  /// Whether no chain of kube-proxy's or the kubelet's has a rule, and no built-in chain leads to one.
  private static func isFlushed(_ content: TableContent, _ services: Int) -> Bool {
    guard content.chains[services].rules.isEmpty else { return false }
    for index in content.chains.indices {
      let rules = content.chains[index].rules
      if rules.isEmpty { continue }
      if index >= content.builtInCount {
        if content.chains[index].name.isKubernetes { return false }
        continue
      }
      if rules.jumps.contains(where: \.target.isKubernetes) { return false }
    }
    return true
  }

  /// The fault that no rule leads to KUBE-NODEPORTS, though there are NodePorts.
  private static func nodePortJump(in nat: TableContent, _ map: ServiceMap) -> [Finding] {
    guard let nodePorts = nat.chainIndex(of: .kubeNodePorts) else { return [] }
    let rules = nat.chains[nodePorts].rules
    // Not only KUBE-SERVICES may lead there.
    let isLed = nat.chains.indices.contains { chain in
      ![.service, .endpoint].contains(map.stage(ofChainAt: chain))
        && map.graph[chain].contains(Int32(nodePorts))
    }
    if rules.isEmpty || isLed { return [] }
    let owners = Set(
      rules.indices.compactMap { map.owner(ofRule: $0, ofChainAt: nodePorts, in: nat) })
    let count = Finding.count(owners.count, "service port")
    return [
      Finding(
        .nodePortJumpMissing, in: nat, chains: [.kubeServices, .kubeNodePorts],
        servicePort: owners.count == 1 ? owners.first.map { map.services[$0].port } : nil,
        "no rule of KUBE-SERVICES leads to KUBE-NODEPORTS: the NodePorts of \(count) are dead")
    ]
  }
}
