internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// That nat should translate a packet: nobody has a cluster IP, and who names a service port wants one of its
/// endpoints. A packet that isn't translated is lost, though rules let it through.
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
    if resolved.asked == nil, service == nil { return nil }
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
      guard isAddress || name == .kubeNodePorts && isLocal && outline.destination == nil,
        let owner = resolved.side.map.servicePort(ofRule: position, ofChainAt: chain, in: nat),
        owner == resolved.asked || isAddress && !isLocal
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
  /// itself. kube-proxy means that for some senders. None where nat should translate it.
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
    return "\(place(last)) accepts it before \(place(dispatch)), which would translate it"
  }
}
