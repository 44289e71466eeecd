internal import KubeProxy
internal import Netfilter

/// Makes findings of what is wrong with nat's chains, by how traffic comes to them.
struct NatFindings {
  private(set) var all: [Finding] = []
  private let nat: TableContent
  private let map: ServiceMap
  private var orphans: Orphans

  init(_ nat: TableContent, _ map: ServiceMap, _ faults: [Int: ChainFaults]) {
    self.nat = nat
    self.map = map
    let orphans = Orphans(nat, map)
    self.orphans = orphans
    var dispatch: [Int: DispatchFaults] = [:]
    for index in nat.chains.indices where DispatchFaults.chains.contains(nat.chains[index].name) {
      dispatch[index] = DispatchFaults(ofChainAt: index, in: nat, map)
    }
    let reached = faults.filter { !orphans.isOrphan[$0.key] }
    let jumps = Self.jumps(
      to: Set(reached.lazy.filter(\.value.isEmpty).map { nat.chains[$0.key].name }), nat)
    for (chain, fault) in reached.sorted(by: { $0.key < $1.key }) {
      add(fault, of: chain, jumps)
      addDuplicates(fault.duplicates, in: chain, dispatch[chain])
    }
    addContradictions(reached, dispatch)
    for (chain, fault) in dispatch.sorted(by: { $0.key < $1.key }) { add(fault, in: chain) }
    for chain in map.endpointsElsewhere { addMismatch(Int(chain)) }
    all += self.orphans.findings
  }

  // MARK: One chain

  /// - Parameter jumps: by chain, the rules that lead to it, of those without rules.
  private mutating func add(
    _ fault: ChainFaults, of chain: Int, _ jumps: [ChainName: [RulePlace]]
  ) {
    let name = nat.chains[chain].name
    if fault.isEmpty {
      let rules = jumps[name] ?? []
      if rules.isEmpty { return }
      add(
        .emptyChain, [name] + orphans.takeConsequences(ofChainAt: chain), rules: rules, chain,
        "\(name) has no rules: what is sent there goes on as if nothing had matched")
    } else if fault.lacksEndpoint {
      add(
        .serviceWithoutEndpoint, [name] + orphans.takeConsequences(ofChainAt: chain),
        rules: nat.places(nat.chains[chain].rules.indices, in: chain), chain,
        "\(name) leads to no endpoint")
    } else if let shares = fault.shares {
      add(
        .unequalShares, [name], rules: nat.places(shares.positions, in: chain), chain,
        shares.description(name))
    }
  }

  private mutating func addDuplicates(
    _ duplicates: [[Int]], in chain: Int, _ dispatch: DispatchFaults?
  ) {
    for positions in duplicates {
      // A jump that stands too early, and again at the end, has been found for that.
      if let early = dispatch?.misplaced.first, positions.contains(early) { continue }
      all.append(DuplicateRules.finding(positions, in: nat, chain, map))
    }
  }

  private mutating func addMismatch(_ chain: Int) {
    let name = nat.chains[chain].name
    let rules = nat.chains[chain].rules
    let translations = rules.indices.compactMap { position -> (Int, String)? in
      guard case .destinationNAT(let destination) = rules.outcome(at: position) else { return nil }
      return (position, destination.description)
    }
    let detail =
      translations.isEmpty
      ? "\(name) translates to no destination"
      : "\(name) translates to \(translations.map(\.1).joined(separator: " and ")), "
        + "and its name is the hash of another endpoint"
    let positions = translations.isEmpty ? Array(rules.indices) : translations.map(\.0)
    add(.endpointMismatch, [name], rules: nat.places(positions, in: chain), chain, detail)
  }

  private mutating func add(
    _ anomaly: Anomaly, _ chains: [ChainName], rules: [RulePlace], _ chain: Int, _ detail: String
  ) {
    all.append(
      Finding(
        anomaly, in: nat, chains: chains, rules: rules,
        servicePort: map.servicePort(ofChainAt: chain) ?? map.claimedServicePort(ofChainAt: chain),
        detail))
  }

  // MARK: Dispatch

  private mutating func add(_ fault: DispatchFaults, in chain: Int) {
    let name = nat.chains[chain].name
    if let early = fault.misplaced.first {
      let behind = fault.misplaced.count - 1
      all.append(
        Finding(
          .nodePortJumpNotLast, in: nat, chains: [name],
          rules: nat.places(fault.misplaced, in: chain),
          "rule \(early + 1) of \(name) leads to KUBE-NODEPORTS, and "
            + (behind == 1 ? "another stands behind it" : "\(behind) others stand behind it")))
    }
    for conflict in fault.conflicts {
      let owners = conflict.positions.compactMap {
        map.servicePort(ofRule: $0, ofChainAt: chain, in: nat)
      }
      all.append(
        Finding(
          .nodePortConflict, in: nat, chains: [name],
          rules: nat.places(conflict.positions, in: chain),
          servicePort: owners.first,
          mark: [Int(conflict.port), conflict.transport.hashValue].hashValue,
          "\(conflict.transport.rawValue) NodePort \(conflict.port) is dispatched to more than "
            + "one service port; the first rule gets everything"))
    }
  }

  /// Adds the chains whose name contradicts comments: their own, and those of rules that lead to them.
  private mutating func addContradictions(
    _ reached: [Int: ChainFaults], _ dispatch: [Int: DispatchFaults]
  ) {
    var places: [ChainName: [RulePlace]] = [:]
    for (chain, fault) in dispatch.sorted(by: { $0.key < $1.key }) {
      for (target, positions) in fault.contradictions {
        places[target, default: []] += nat.places(positions, in: chain)
      }
    }
    var positions: [ChainName: Int] = [:]
    for (chain, fault) in reached where !fault.contradictions.isEmpty {
      let name = nat.chains[chain].name
      // An endpoint's chain whose name proves nothing is said to translate elsewhere.
      if case .service(.endpoint, _) = ChainRole(name), !map.isProvenEndpoint(chain) { continue }
      positions[name] = chain
      places[name, default: []] += nat.places(fault.contradictions, in: chain)
    }
    for (name, rules) in places {
      all.append(
        Finding(
          .commentMismatch, in: nat, chains: [name], rules: rules,
          servicePort: positions[name].flatMap { map.servicePort(ofChainAt: $0) },
          "\(name) is not the hash of the service port that comments name"))
    }
  }

  /// The rules of a table that lead to each of some chains.
  private static func jumps(
    to chains: Set<ChainName>, _ nat: TableContent
  ) -> [ChainName: [RulePlace]] {
    var jumps: [ChainName: [RulePlace]] = [:]
    for chain in chains.isEmpty ? 0..<0 : nat.chains.indices {
      let rules = nat.chains[chain].rules
      for position in rules.indices {
        if case .chain(let name) = rules.outcome(at: position), chains.contains(name) {
          jumps[name, default: []] += nat.places([position], in: chain)
        }
      }
    }
    return jumps
  }
}

extension EndpointShareFault {
  /// What it comes to.
  fileprivate func description(_ chain: ChainName) -> String {
    guard let probability else {
      return "\(chain) balances over \(endpoints) endpoints, but not by chance alone"
    }
    return
      "\(chain) balances over \(endpoints) endpoints: where \(left) of them are left, the next "
      + "gets \(Self.percent(probability)) of the connections instead of "
      + "\(Self.percent(1 / Double(left)))"
  }

  private static func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10) %"
  }
}
