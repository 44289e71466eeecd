internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// The way of a packet, stage by stage, with what each rule did.
struct PacketWay {
  /// A table at one hook.
  struct Stage {
    let hook: PacketHook
    let table: TableName
    /// Each evaluation of a rule, in the order of the way.
    fileprivate(set) var passages: [Passage] = []
    /// The built-in chain's policy, where it decided.
    fileprivate(set) var policy: Verdict?

    var matched: Int { passages.count { $0.step.match != .no } }
    var passedOver: Int { passages.count - matched }
  }

  /// An evaluation of a rule.
  struct Passage {
    let step: WalkStep
    /// Whether the outcome depends on it.
    let decides: Bool
    /// The share of packets that the rule translates or stops; nil for other rules.
    let share: Double?
  }

  private(set) var stages: [Stage] = []
  /// The rule that led to what marks packets to be dropped.
  private(set) var dropMark: RuleAddress?
  /// The rule by which packets leave nat before it would translate their destination, and what it does; nil where
  /// there is none.
  var lastBeforeTranslation: (rule: RuleAddress, deed: String)? {
    let stage = stages.first { $0.table == .nat && [.prerouting, .output].contains($0.hook) }
    for passage in (stage?.passages ?? []).reversed() where passage.step.match != .no {
      guard let deed = deed(passage.step.rule) else { continue }
      // A built-in chain's policy decides what one of its rules returns.
      if deed == "accepts" || deed == "returns" && passage.step.depth == 0 {
        return (passage.step.rule, deed)
      }
    }
    return nil
  }

  /// Whether the packet met the rule and was matched.
  func matched(_ rule: RuleAddress) -> Bool {
    stages.contains { stage in
      stage.table == rule.table
        && stage.passages.contains { $0.step.rule == rule && $0.step.match != .no }
    }
  }

  private let side: FamilySide

  init(_ walk: Walk, _ ends: PacketEnds, _ resolved: ResolvedPacket) {
    side = resolved.side
    let deciding = Set(ends.undecided + ends.undecidedSource)
    var shares: [RuleAddress: Double] = [:]
    for fate in ends.fates {
      for rule in fate.rules { shares[rule, default: 0] += fate.share }
    }
    for step in walk.steps {
      if stages.last?.hook != step.hook || stages.last?.table != step.rule.table {
        stages.append(Stage(hook: step.hook, table: step.rule.table))
      }
      let isMatched = step.match != .no
      stages[stages.count - 1].passages.append(
        Passage(
          step: step, decides: isMatched && deciding.contains(step.rule),
          share: isMatched ? shares[step.rule].map { min(1, $0) } : nil))
      if dropMark == nil, isMatched, side.rule(step.rule)?.rule.chain == .kubeMarkDrop {
        dropMark = step.rule
      }
    }
    for policy in walk.policies {
      guard let verdict = side.chain(policy.table, policy.chain)?.policy else { continue }
      if let index = stages.firstIndex(where: {
        $0.hook == policy.hook && $0.table == policy.table && $0.policy == nil
      }) {
        stages[index].policy = verdict
      } else if verdict == .drop {
        stages.append(Stage(hook: policy.hook, table: policy.table, policy: verdict))
      }
    }
  }

  /// What a rule does to packets that it matches, in a few words; nil where its text says all, as of a jump.
  func deed(_ rule: RuleAddress) -> String? { side.rule(rule)?.rule.deed }

  /// What the owner of a rule is called: a service port, or another agent than Kubernetes.
  func owner(_ rule: RuleAddress) -> String? {
    if let port = side.owner(of: rule) { return "\(port)" }
    guard let (text, chain) = side.rule(rule) else { return nil }
    let name = chain.isBuiltIn ? text.chain : chain.name
    guard let name, ChainRole(name) == .other else { return nil }
    let kind = ChainKind.of(name, isBuiltIn: false)
    return kind == "other" ? nil : Wording.name(kind)
  }
}

extension Rule {
  /// What the target does, in a few words.
  fileprivate var deed: String? {
    func option(_ name: String) -> String? {
      value(of: name).map { String(decoding: $0.bytes, as: UTF8.self) }
    }
    switch target {
    case "ACCEPT": return "accepts"
    case "DROP": return "drops"
    case "REJECT": return "rejects"
    case "RETURN": return "returns"
    case "DNAT":
      if outline.outcome == .unknownDestinationNAT { return "→ ?" }
      return "→ \(option("--to-destination") ?? "?")"
    case "NETMAP": return "→ \(option("--to") ?? "?")"
    case "REDIRECT": return "→ this node\(option("--to-ports").map { ":\($0)" } ?? "")"
    case "MASQUERADE": return "rewrites the source"
    case "SNAT": return "rewrites the source to \(option("--to-source") ?? "?")"
    case "MARK": return option("--set-xmark").map(Self.marking)
    case "NOTRACK": return "leaves the packet untracked"
    case "CT" where option("--notrack") != nil: return "leaves the packet untracked"
    case "LOG", "NFLOG": return "logs"
    default: return nil
    }
  }

  /// What `--set-xmark VALUE/MASK` does: the mask's bits are cleared, then the value's are inverted.
  private static func marking(_ text: String) -> String {
    let parts = text.split(separator: "/")
    guard parts.count == 2, let mark = MaskedMark(text) else { return "marks \(text)" }
    if mark.value == 0 { return "clears the mark \(parts[1])" }
    if mark.mask == 0 { return "flips the mark \(parts[0])" }
    return mark.value == mark.mask || mark.mask == .max ? "marks \(parts[0])" : "marks \(text)"
  }
}

/// That nat should translate a packet: nobody has a cluster IP, nothing else listens at a NodePort, and who names a
/// service port wants one of its endpoints. A packet that isn't translated is lost, though rules let it through.
struct ExpectedTranslation {
  /// The rule that would take the packet.
  var dispatch: RuleAddress? { dispatches.first }
  /// The rules for the packet's destination that lead to where it is translated.
  private var dispatches: [RuleAddress] = []
  /// The service with that cluster IP, and where it is served.
  private var service: String?
  private var ports: [(number: UInt16, transport: TransportProtocol)] = []

  /// Nil where nothing says that the packet should be translated.
  init?(of resolved: ResolvedPacket) {
    guard let nat = resolved.side.snapshot.table(.nat)?.content else {
      // Who has no nat can't tell.
      return nil
    }
    for chain in nat.chains.indices
    where [.kubeServices, .kubeNodePorts].contains(nat.chains[chain].name) {
      read(chain, of: nat, resolved)
    }
    if resolved.asked == nil, service == nil, dispatches.isEmpty { return nil }
  }

  /// `a cluster IP of kube-system/kube-dns that is served at 53/tcp, 53/udp`; nil where the destination is none.
  var servedPorts: String? {
    guard let service else { return nil }
    let served = ports.sorted { ($0.number, $0.transport) < ($1.number, $1.transport) }
      .map { "\($0.number)/\($0.transport.rawValue.lowercased())" }
    return "a cluster IP of \(service) that is served at \(Wording.list(served, atMost: 8))"
  }

  private mutating func read(_ chain: Int, of nat: TableContent, _ resolved: ResolvedPacket) {
    let (packet, rules, name) = (
      resolved.packet, nat.chains[chain].rules, nat.chains[chain].name
    )
    // The DNS cache gives the node a service's address, and serves no other port there.
    let isLocal =
      resolved.node.isLocal(packet.destination) && !resolved.cached.contains(packet.destination)
    for position in rules.indices {
      let outline = rules.outline(at: position)
      guard let port = outline.destinationPort else { continue }
      let isAddress = outline.destination?.onlyAddress == packet.destination
      let isNodePort = name == .kubeNodePorts && isLocal && outline.destination == nil
      guard isAddress || isNodePort,
        let owner = resolved.side.map.servicePort(ofRule: position, ofChainAt: chain, in: nat),
        owner == resolved.asked || isAddress && !isLocal || isNodePort && resolved.asked == nil
      else { continue }
      if port == packet.destinationPort, outline.ipProtocol == packet.ipProtocol,
        outline.outcome != .chain(.kubeMarkMasq)
      {
        dispatches.append(RuleAddress(table: .nat, chain: chain, position: position))
      }
      let comment = rules[position].comments.first
      guard isAddress, ServiceAddress.Kind(comment, .nat, name) == .clusterIP else { continue }
      service = service ?? "\(owner.namespace)/\(owner.name)"
      if !ports.contains(where: { $0 == (port, owner.transport) }) {
        ports.append((port, owner.transport))
      }
    }
  }

  /// The rules for an external IP that the packet passes and that leave it alone, so that it goes to the address
  /// itself. For some senders kube-proxy intends this. Empty where nat should translate the packet.
  func passed(_ walk: Walk, _ resolved: ResolvedPacket) -> [RuleAddress] {
    if service != nil || resolved.node.isLocal(resolved.packet.destination) { return [] }
    let matches = dispatches.map { rule in
      walk.steps.first { $0.rule == rule && [.prerouting, .output].contains($0.hook) }?.match
    }
    return matches.contains { $0 == nil || $0 == .yes } ? [] : dispatches
  }

  /// Why no rule translates the packet.
  ///
  /// - Parameters:
  ///   - way: The way of the packet.
  ///   - place: What a rule is called.
  func reason(
    _ packet: String, _ way: PacketWay, place: (RuleAddress) -> String
  ) -> String {
    guard let dispatch else {
      return "no rule of nat matches \(packet)" + (servedPorts.map { ", \($0)" } ?? "")
    }
    if let mark = way.dropMark {
      return "\(place(mark)) marks it to be dropped, and no rule drops what is marked so"
    }
    if way.matched(dispatch) {
      return "\(place(dispatch)) takes it, and no rule behind it translates it"
    }
    guard let last = way.lastBeforeTranslation else {
      return "nothing leads to \(place(dispatch)), which would translate it"
    }
    return "\(place(last.rule)) \(last.deed) it before \(place(dispatch)), which would translate it"
  }
}
