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
      guard let hash = ChainRole(name).servicePortHash, let comment = outline.comment,
        map.contradicts(bytes.extracting(comment), hash)
      else { continue }
      contradictions[name, default: []].append(position)
    }
    // Several, where the addresses of NodePorts are restricted: then they are the last ones together.
    if unguarded.isEmpty, let start = jumps.first(where: { $0 < rules.count - jumps.count }) {
      misplaced = [start] + Set(start + 1..<rules.count).subtracting(jumps).sorted()
    }
  }

  private static func conflicts(in rules: RuleList) -> [NodePort: [Int]] {
    let all = rules.indices.compactMap { position -> PortRule<ChainHash>? in
      let outline = rules.outline(at: position)
      guard outline.transport != nil, case .chain(let name) = outline.outcome,
        case .service(_, let hash) = ChainRole(name)
      else { return nil }
      return PortRule(outline, at: position, leadingTo: hash)
    }
    return PortRule.conflicts(among: all).mapValues { $0.map(\.position) }
  }
}

/// A port of the node: a NodePort, or a hostPort.
struct NodePort: Hashable, Comparable {
  let ipProtocol: UInt8?
  let port: UInt16

  static func < (left: NodePort, right: NodePort) -> Bool {
    (left.port, left.ipProtocol ?? 0) < (right.port, right.ipProtocol ?? 0)
  }
}

/// A rule that leads what comes to a port of the node to somebody: to a service port, or to a pod.
struct PortRule<Receiver: Hashable> {
  let position: Int
  let port: NodePort
  /// The node's address, if the rule is for one only.
  private let destination: AddressMatch?
  let receiver: Receiver

  /// Nil where the rule is not for one port.
  init?(_ rule: RuleOutline, at position: Int, leadingTo receiver: Receiver) {
    guard let port = rule.destinationPort else { return nil }
    self.position = position
    self.port = NodePort(ipProtocol: rule.ipProtocol, port: port)
    destination = rule.destination
    self.receiver = receiver
  }

  /// By port, the rules that may match the same packet and lead it to different receivers.
  static func conflicts(among rules: [PortRule]) -> [NodePort: [PortRule]] {
    Dictionary(grouping: rules, by: \.port).compactMapValues { rules in
      // Nobody needs more than a few of them, and each is held against each.
      let some = rules.prefix(64)
      let found = some.filter { one in some.contains { one.conflicts(with: $0) } }
      return found.isEmpty ? nil : found
    }
  }

  private func conflicts(with other: PortRule) -> Bool {
    guard receiver != other.receiver else { return false }
    guard let destination, let theirs = other.destination else { return true }
    return destination.mayOverlap(theirs)
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
    let transport = content.chains[first.chain].rules.outline(at: position).transport
    return Finding(
      .portMatchMissing, in: content, chains: found.map { content.chains[$0.chain].name },
      rules: found.flatMap { content.places($0.positions, in: $0.chain) },
      servicePort: isOne ? owner : nil,
      isOne
        ? "a rule of \(content.chains[first.chain].name) names no port: it takes all \(transport?.rawValue ?? "") packets that come to it"
        : "\(count) rules name no port: each takes all packets of its protocol that come to it")
  }
}
