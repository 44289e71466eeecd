internal import KubeProxy
internal import Netfilter

/// What is wrong with nat's rules that dispatch, judged by KUBE-SERVICES' and KUBE-NODEPORTS' rules alone.
struct DispatchFaults: Sendable {
  /// In KUBE-SERVICES, the jumps to KUBE-NODEPORTS behind which others stand, and those others.
  private(set) var misplaced: [Int] = []
  /// In KUBE-NODEPORTS, the rules that send one NodePort to different service ports.
  private(set) var conflicts: [NodePort: [Int]] = [:]
  /// By the chain that they lead to, the rules whose comments name another service port.
  private(set) var contradictions: [ChainName: [Int]] = [:]
  /// The rules that drop, accept or return everything.
  private(set) var unguarded: UnguardedRules
  /// The rules that lead to a service port whatever a packet's port is.
  private(set) var withoutPort: [Int]

  struct NodePort: Hashable {
    let port: UInt16
    let transport: TransportProtocol
  }

  init(ofChainAt index: Int, in nat: TableContent, _ map: ServiceMap) {
    let rules = nat.chains[index].rules
    // A rule that leads to a service port has a target that takes nothing by itself.
    let unowned = rules.indices.filter { map.owner(ofRule: $0, ofChainAt: index, in: nat) == nil }
    unguarded = UnguardedRules(in: rules, only: unowned)
    withoutPort = map.dispatchRulesWithoutPort(ofChainAt: index)
      .filter { !rules.line(at: $0).span.namesPort }
    // What has an owner leads to its chain, and no comment contradicts that.
    readRules(rules, map, unowned)
    if nat.chains[index].name == .kubeNodePorts { conflicts = Self.conflicts(in: rules) }
  }

  private mutating func readRules(_ rules: RuleList, _ map: ServiceMap, _ unowned: [Int]) {
    var jumps: [Int] = []
    for position in unowned {
      let line = rules.line(at: position)
      let bytes = line.span
      let outline = RuleOutline(bytes)
      guard case .chain(let name) = outline.outcome else { continue }
      if name == .kubeNodePorts { jumps.append(position) }
      guard case .service(let family, let hash) = ChainRole(name), family != .endpoint,
        let comment = outline.comment, map.contradicts(bytes.extracting(comment), hash)
      else { continue }
      contradictions[name, default: []].append(position)
    }
    // Several, where the addresses of NodePorts are restricted: then they are the last ones together.
    if unguarded.isEmpty, let start = jumps.first(where: { $0 < rules.count - jumps.count }) {
      misplaced = [start] + Set(start + 1..<rules.count).subtracting(jumps).sorted()
    }
  }

  private static func conflicts(in rules: RuleList) -> [NodePort: [Int]] {
    var byPort: [NodePort: [Dispatch]] = [:]
    for position in 0..<rules.count {
      let outline = rules.outline(at: position)
      guard let port = outline.destinationPort,
        let transport = outline.ipProtocol.flatMap(TransportProtocol.init),
        case .chain(let name) = outline.outcome, case .service(_, let hash) = ChainRole(name)
      else { continue }
      byPort[NodePort(port: port, transport: transport), default: []].append(
        Dispatch(position: position, destination: outline.destination, hash: hash))
    }
    return byPort.compactMapValues { dispatches in
      guard dispatches.count > 1, Set(dispatches.map(\.hash)).count > 1 else { return nil }
      // Nobody needs more than a few of them, and each is held against each.
      let some = dispatches.prefix(64)
      let clashing = some.filter { one in some.contains { one.clashes(with: $0) } }
      return clashing.isEmpty ? nil : clashing.map(\.position)
    }
  }

  private struct Dispatch {
    let position: Int
    let destination: AddressMatch?
    let hash: ChainHash

    /// Whether both may see the same packet and lead to different service ports.
    func clashes(with other: Dispatch) -> Bool {
      guard hash != other.hash else { return false }
      guard let destination, let theirs = other.destination else { return true }
      return destination.mayOverlap(theirs)
    }
  }
}

extension Span<UInt8> {
  /// Whether a match of the rule asks for ports, be it one or several.
  var namesPort: Bool {
    var elements = LineElements()
    while let element = elements.next(self) {
      guard element.kind == .option else { continue }
      if ["--dport", "--dports", "--ports"].contains(where: { isText($0, element.name) }) {
        return true
      }
    }
    return false
  }
}

/// Finds rules that are there for one port of a service, and take all.
///
/// kube-proxy names the port in each. iptables-nft up to 1.8.7 doesn't know how later versions store it, and
/// prints `-p tcp -m comment --comment "…" -j KUBE-SVC-…` without it.
enum PortMatches {
  /// The rules of a chain of filter that block a service port whatever a packet's port is.
  static func missing(in filter: TableContent, chain: Int, _ map: ServiceMap) -> [Int] {
    let rules = filter.chains[chain].rules
    return rules.indices.filter { position in
      guard map.owner(ofRule: position, ofChainAt: chain, in: filter) != nil else { return false }
      let outline = rules.outline(at: position)
      return outline.outcome == .blocked && outline.destinationPort == nil
        && !rules.line(at: position).span.namesPort
    }
  }

  /// One finding for all such rules of a table: they have one cause.
  static func finding(
    _ found: [(chain: Int, positions: [Int])], in content: TableContent, _ map: ServiceMap
  ) -> Finding? {
    let found = found.filter { !$0.positions.isEmpty }
    guard let first = found.first, let position = first.positions.first else { return nil }
    let count = found.reduce(0) { $0 + $1.positions.count }
    let isOne = count == 1
    let owner = map.servicePort(ofRule: position, ofChainAt: first.chain, in: content)
    let protocolName = content.chains[first.chain].rules.outline(at: position).ipProtocol
      .flatMap(TransportProtocol.init)
    return Finding(
      .portMatchMissing, in: content, chains: found.map { content.chains[$0.chain].name },
      rules: found.flatMap { content.places($0.positions, in: $0.chain) },
      servicePort: isOne ? owner : nil,
      isOne
        ? "a rule of \(content.chains[first.chain].name) names no port: it takes all \(protocolName?.rawValue ?? "") packets that come to it"
        : "\(count) rules name no port: each takes all packets of its protocol that come to it")
  }
}
