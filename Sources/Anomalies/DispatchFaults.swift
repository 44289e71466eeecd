internal import KubeProxy
internal import Netfilter

/// What is wrong with nat's rules that dispatch, judged by KUBE-SERVICES' and KUBE-NODEPORTS' rules alone.
struct DispatchFaults: Sendable {
  /// In KUBE-SERVICES, the jumps to KUBE-NODEPORTS behind which others stand, and those others.
  private(set) var misplaced: [Int] = []
  /// In KUBE-NODEPORTS, the rules that send one NodePort to different service ports.
  private(set) var conflicts: [Conflict] = []
  /// By the chain that they lead to, the rules whose comments name another service port.
  private(set) var contradictions: [ChainName: [Int]] = [:]

  struct Conflict: Sendable {
    let port: UInt16
    let transport: TransportProtocol
    let positions: [Int]
  }

  var isFault: Bool { !misplaced.isEmpty || !conflicts.isEmpty || !contradictions.isEmpty }

  /// The chains that it looks at.
  static let chains: [ChainName] = [.kubeServices, .kubeNodePorts]

  init?(ofChainAt index: Int, in nat: TableContent, _ map: ServiceMap) {
    let chain = nat.chains[index]
    readRules(chain.rules, map) { map.owner(ofRule: $0, ofChainAt: index, in: nat) != nil }
    if chain.name == .kubeNodePorts { conflicts = Self.conflicts(in: chain.rules) }
    if !isFault { return nil }
  }

  private mutating func readRules(
    _ rules: RuleList, _ map: ServiceMap, isOwned: (Int) -> Bool
  ) {
    var jumps: [Int] = []
    for position in 0..<rules.count where !isOwned(position) {
      // What has an owner leads to its chain, and no comment contradicts that.
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
    let first = rules.count - jumps.count
    let early = jumps.filter { $0 < first }
    if let start = early.first {
      misplaced = [start] + Set(start + 1..<rules.count).subtracting(jumps).sorted()
    }
  }

  private static func conflicts(in rules: RuleList) -> [Conflict] {
    var byPort: [Key: [Dispatch]] = [:]
    for position in 0..<rules.count {
      let outline = rules.outline(at: position)
      guard let port = outline.destinationPort,
        let transport = outline.ipProtocol.flatMap(TransportProtocol.init),
        case .chain(let name) = outline.outcome, case .service(_, let hash) = ChainRole(name)
      else { continue }
      byPort[Key(port: port, transport: transport), default: []].append(
        Dispatch(position: position, destination: outline.destination, hash: hash))
    }
    return byPort.compactMap { key, dispatches in
      guard dispatches.count > 1, Set(dispatches.map(\.hash)).count > 1 else { return nil }
      // Nobody needs more than a few of them, and each is held against each.
      let some = dispatches.prefix(64)
      let clashing = some.filter { one in some.contains { one.clashes(with: $0) } }
      if clashing.isEmpty { return nil }
      return Conflict(
        port: key.port, transport: key.transport, positions: clashing.map(\.position))
    }.sorted { ($0.port, $0.transport) < ($1.port, $1.transport) }
  }

  private struct Key: Hashable {
    let port: UInt16
    let transport: TransportProtocol
  }

  private struct Dispatch {
    let position: Int
    let destination: AddressMatch?
    let hash: ChainHash

    /// Whether both may see the same packet and lead to different service ports.
    func clashes(with other: Dispatch) -> Bool {
      guard hash != other.hash else { return false }
      guard let destination, let theirs = other.destination, !destination.inverted,
        !theirs.inverted
      else { return true }
      return destination.address.masked(by: theirs.mask)
        == theirs.address.masked(by: destination.mask)
    }
  }
}
