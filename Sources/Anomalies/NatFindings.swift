internal import KubeProxy
internal import Netfilter

/// Makes findings of what is wrong with nat's chains, by how traffic comes to them.
struct NatFindings {
  private(set) var all: [Finding] = []
  private let nat: TableContent
  private let map: ServiceMap
  private var orphans: Orphans

  /// - Parameter isServing: whether kube-proxy serves by iptables' rules.
  init(
    _ nat: TableContent, _ map: ServiceMap, _ faults: [Int: ChainFaults], isServing: Bool
  ) {
    self.nat = nat
    self.map = map
    orphans = Orphans(nat, map)
    let isOrphan = orphans.isOrphan
    let dispatch = [.kubeServices, .kubeNodePorts].compactMap(nat.chainIndex).sorted()
      .map { ($0, DispatchFaults(ofChainAt: $0, in: nat, map)) }
    let reached = faults.filter { !isOrphan[$0.key] }.sorted { $0.key < $1.key }
    let jumps = jumps(to: Set(reached.filter(\.value.isEmpty).map { nat.chains[$0.key].name }))
    for (chain, fault) in reached {
      add(fault, of: chain, jumps)
      if !fault.unguarded.isEmpty {
        all += fault.unguarded.findings(in: nat, chain: chain, servicePort: owner(of: chain))
      }
      if let first = fault.intercepting.first {
        let port = owner(of: chain)
        all.append(
          nat.finding(
            .serviceIntercepted, chain: chain, fault.intercepting, servicePort: port,
            "rule \(first + 1) of \(nat.chains[chain].name) takes packets to "
              + "\(port?.description ?? "a service port"), and kube-proxy writes no such rule there"
          ))
      }
      // A jump that stands too early, and again at the end, has been found for that.
      let early = dispatch.first { $0.0 == chain }?.1.misplaced.first
      for positions in fault.duplicates where !positions.contains(where: { $0 == early }) {
        all.append(DuplicateRules.finding(positions, in: nat, chain, map))
      }
    }
    addContradictions(reached, dispatch)
    for (chain, fault) in dispatch { add(fault, in: chain) }
    let withoutPort = dispatch.map { ($0.0, $0.1.withoutPort) }
    if let fault = PortMatches.finding(withoutPort, in: nat, map) { all.append(fault) }
    for chain in map.endpointsElsewhere { addMismatch(Int(chain)) }
    all += orphans.findings(isServing: isServing)
    all += (isServing ? map.servicePortsWithoutClusterIP : []).map { port in
      Finding(
        .clusterIPMissing, in: nat, chains: [.kubeServices], servicePort: port,
        mark: port.hashValue,
        "rules lead to \(port), and no rule of KUBE-SERVICES is for its cluster IP")
    }
    all += ChainLoops(content: nat, graph: map.graph).findings + HostPorts.findings(in: nat)
  }

  /// - Parameter jumps: by chain, the rules that lead to it, of those without rules.
  private mutating func add(
    _ fault: ChainFaults, of chain: Int, _ jumps: [ChainName: [RulePlace]]
  ) {
    let (name, rules) = (nat.chains[chain].name, nat.chains[chain].rules)
    if fault.isEmpty, let jumps = jumps[name] {
      all.append(
        Finding(
          .emptyChain, in: nat, chains: [name] + orphans.takeConsequences(ofChainAt: chain),
          rules: jumps, servicePort: owner(of: chain),
          "\(name) has no rules: what is sent there goes on as if nothing had matched"))
    } else if fault.lacksEndpoint {
      all.append(
        nat.finding(
          .serviceWithoutEndpoint, chain: chain, rules.indices,
          also: orphans.takeConsequences(ofChainAt: chain), servicePort: owner(of: chain),
          "\(name) leads to no endpoint"))
    } else if let shares = fault.shares {
      all.append(
        nat.finding(
          .unequalShares, chain: chain, shares.positions,
          also: shares.hasGap ? orphans.takeConsequences(ofChainAt: chain) : [],
          servicePort: owner(of: chain),
          shares.description(name)))
    }
  }

  private mutating func addMismatch(_ chain: Int) {
    let (name, rules) = (nat.chains[chain].name, nat.chains[chain].rules)
    let translations = rules.indices.compactMap { position in
      rules.translation(at: position).map { (position: position, text: $0.description) }
    }
    let isNone = translations.isEmpty
    all.append(
      nat.finding(
        .endpointMismatch, chain: chain,
        isNone ? Array(rules.indices) : translations.map(\.position),
        servicePort: owner(of: chain),
        isNone
          ? "\(name) translates to no destination"
          : "\(name) translates to \(translations.map(\.text).joined(separator: " and ")), "
            + "and its name is the hash of another endpoint"))
  }

  private func owner(of chain: Int) -> ServicePort? {
    map.servicePort(ofChainAt: chain) ?? map.claimedServicePort(ofChainAt: chain)
  }

  private mutating func add(_ fault: DispatchFaults, in chain: Int) {
    all += fault.unguarded.findings(in: nat, chain: chain)
    if let early = fault.misplaced.first {
      let behind = fault.misplaced.count - 1
      all.append(
        nat.finding(
          .nodePortJumpNotLast, chain: chain, fault.misplaced,
          "rule \(early + 1) of \(nat.chains[chain].name) leads to KUBE-NODEPORTS, and "
            + (behind == 1 ? "another stands behind it" : "\(behind) others stand behind it")))
    }
    all += fault.conflicts.map { nodePort, positions in
      let owners = positions.compactMap {
        map.servicePort(ofRule: $0, ofChainAt: chain, in: nat)
      }
      return nat.finding(
        .nodePortConflict, chain: chain, positions, servicePort: owners.first,
        mark: nodePort.hashValue,
        "\(nodePort.ipProtocol.flatMap(TransportProtocol.init)?.rawValue ?? "") NodePort \(nodePort.port) is dispatched to more than "
          + "one service port; the first rule gets everything")
    }
  }

  /// Adds the chains whose name contradicts comments: their own, and those of rules that lead to them.
  private mutating func addContradictions(
    _ reached: [(key: Int, value: ChainFaults)], _ dispatch: [(Int, DispatchFaults)]
  ) {
    var places: [ChainName: [RulePlace]] = [:]
    for (chain, fault) in dispatch {
      for (target, positions) in fault.contradictions {
        places[target, default: []] += nat.places(positions, in: chain)
      }
    }
    var owners: [ChainName: ServicePort] = [:]
    for (chain, fault) in reached where !fault.contradictions.isEmpty {
      let name = nat.chains[chain].name
      // An endpoint's chain whose name proves nothing is said to translate elsewhere.
      if case .service(.endpoint, _) = ChainRole(name), !map.isProvenEndpoint(chain) { continue }
      owners[name] = map.servicePort(ofChainAt: chain)
      places[name, default: []] += nat.places(fault.contradictions, in: chain)
    }
    all += places.map { name, rules in
      Finding(
        .commentMismatch, in: nat, chains: [name], rules: rules, servicePort: owners[name],
        "\(name) is not the hash of the service port that comments name")
    }
  }

  /// The rules that lead to each of some chains.
  private func jumps(to chains: Set<ChainName>) -> [ChainName: [RulePlace]] {
    var jumps: [ChainName: [RulePlace]] = [:]
    for chain in chains.isEmpty ? 0..<0 : nat.chains.indices {
      for (position, target) in nat.chains[chain].rules.jumps where chains.contains(target) {
        jumps[target, default: []] += nat.places([position], in: chain)
      }
    }
    return jumps
  }
}
