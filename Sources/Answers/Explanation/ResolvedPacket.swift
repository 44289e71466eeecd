internal import Anomalies
internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// A question about a packet, with everything filled in that was left open.
struct ResolvedPacket {
  let side: FamilySide
  /// What the rules show of interfaces.
  let networks: [InterfaceNetwork]
  private(set) var packet: Packet
  private(set) var origin: PacketOrigin
  private(set) var node: NodeContext
  /// The service port that was asked for by name.
  let asked: ServicePort?
  /// What was taken for granted, in sentences.
  private(set) var assumptions: [String]
  /// What of that might be otherwise.
  private(set) var doubts: [Doubt] = []

  /// What might be otherwise, and the sentence for what was taken for granted.
  struct Doubt {
    enum Kind {
      case isNodeAddress(IPAddress)
      case comesByOtherInterface
    }

    let kind: Kind
    let assumption: String
  }

  /// Whether another machine sends the packet.
  let isFromMachine: Bool
  /// The node's addresses that only the node-local DNS cache listens at.
  let cached: Set<IPAddress>
  /// Whether none of the node's addresses is known.
  let isNodeUnknown: Bool

  var family: IPFamily { side.snapshot.family }

  /// Where the packet is sent.
  var socket: SocketAddress {
    SocketAddress(address: packet.destination, port: packet.destinationPort)
  }

  /// The same in words: `10.96.0.10:53/udp`.
  var destination: String { "\(socket)/\(transport.rawValue)" }

  let transport: PacketProtocol

  /// The interface by which it comes in, where that is known.
  var input: String? { if case .named(let name) = packet.input { name } else { nil } }

  /// Fills in what a question leaves open.
  init(_ question: PacketQuestion, in ruleset: Ruleset) throws(PacketQuestionError) {
    try question.checkFamilies()
    let lookup = ServiceLookup(ruleset, question.family)
    var notes: [String] = []
    let hit: ServiceLookup.Hit?
    switch question.destination.place {
    case .service: hit = try lookup.find(question.destination)
    case .unknown: throw lookup.unknown(question.destination)
    case .address, .node: hit = nil
    }
    if let hit { side = hit.side } else { side = try lookup.side(question.family) }
    networks = InterfaceNetwork.all(in: side.snapshot)
    asked = hit?.report.port
    isFromMachine = question.source == .outside
    let addresses = NodeAddresses(question.node, side.snapshot)
    let (socket, words) = try question.target(hit, addresses)
    if let words { notes.append(words) }
    transport = question.destination.transport ?? asked.map(PacketProtocol.init) ?? .tcp
    let sender = try question.sender(side, hit?.index, socket.address, addresses)
    if let reason = sender.reason { notes.append(reason) }
    origin = addresses.contains(sender.address) ? .node : .outside
    isNodeUnknown = addresses.isPlaceholder && !question.node.areAll
    cached = addresses.cached
    packet = Packet(
      source: sender.address, destination: socket.address,
      ipProtocol: transport.number(socket.address.family),
      // Clients' ports are of the upper half.
      sourcePort: transport == .icmp ? nil : sender.port ?? 50_000,
      destinationPort: transport == .icmp ? nil : socket.port)
    notes += addresses.assumptions(packet)
    node = NodeContext(addresses: addresses.all, interface: question.interface)
    assumptions = notes
    takeInterface(question)
    if !question.node.areAll { doubt(question) }
  }

  /// The packet if it is otherwise.
  func doubting(_ doubt: Doubt) -> ResolvedPacket {
    var other = self
    switch doubt.kind {
    case .comesByOtherInterface: other.packet.input = .unknown
    case .isNodeAddress(let address):
      other.node.addresses.insert(address)
      guard packet.source == address else { break }
      other.origin = .node
      other.packet.input = .none
      other.packet.bridgePort = .none
    }
    return other
  }

  /// Returns the packet as it is if some endpoints are the node's own addresses. No other address of the node is known.
  func onNode(_ addresses: [IPAddress]) -> ResolvedPacket {
    var other = self
    other.node.addresses.formUnion(addresses)
    // What stood for the node's address is this one then.
    if origin == .node, !packet.source.isLoopback, let address = addresses.first {
      other.packet.source = address
    }
    return other
  }

  private mutating func takeInterface(_ question: PacketQuestion) {
    guard origin == .outside else {
      packet.input = .none
      packet.bridgePort = .none
      return
    }
    if question.source == .outside { packet.bridgePort = .none }
    if let input = question.input {
      packet.input = .named(input)
    } else if question.source == .pod,
      let input = side.snapshot.podInterface
    {
      packet.input = .named(input)
      assumptions.append(
        "it comes in by \(input), a pod's interface as Calico's rules name it (--in)")
    } else if let input = question.node.interface(packet.source) {
      packet.input = .named(input)
      doubts.append(
        Doubt(
          kind: .comesByOtherInterface,
          assumption: "it comes in by \(input), by which packets to \(packet.source) leave (--in)"))
    }
  }

  /// Notes which addresses might be the node's own. The answer assumes that they are not.
  private mutating func doubt(_ question: PacketQuestion) {
    let podNetwork = PodSearch(side)?.network?.match
    for address in question.namedAddresses
    where !node.isLocal(address) && podNetwork?.matches(address) != true {
      let words = "\(address) is not the node's own address (--node-address)"
      doubts.append(Doubt(kind: .isNodeAddress(address), assumption: words))
    }
  }
}

/// The node's addresses of one family.
private struct NodeAddresses {
  let all: Set<IPAddress>
  /// The one that stands for the node.
  let main: IPAddress
  /// Whether none is known.
  let isPlaceholder: Bool
  /// Those that only the node-local DNS cache listens at.
  let cached: Set<IPAddress>

  init(_ facts: NodeFacts, _ snapshot: FamilySnapshot) {
    let family = snapshot.family
    let shown = facts.areAll ? [] : snapshot.table(.nat)?.content.nodeAddresses ?? []
    let known = facts.addresses.filter { $0.family == family } + shown
    // Loopback addresses are the node's anyway, and no one's who is asked for the node.
    let first = known.first { !$0.isLoopback }
    isPlaceholder = first == nil
    main = first ?? family.unknownNode
    cached =
      facts.areAll
      ? [] : NodeLocalDNS.listeningAddresses(in: snapshot.tables.map(\.content)).subtracting(known)
    all = cached.union(known).union([main])
  }

  func contains(_ address: IPAddress) -> Bool { address.isLoopback || all.contains(address) }

  /// What is taken for granted of the packet's addresses.
  func assumptions(_ packet: Packet) -> [String] {
    let named = [packet.source, packet.destination]
    var sentences: [String] = []
    if isPlaceholder, named.contains(main) {
      sentences.append(
        "\(main) stands for the node: the rules show none of its addresses (--node-address)")
    }
    return sentences
      + cached.intersection(named).sorted().map {
        "\($0) is the node's own address: rules leave requests to it untracked and accept them, as the "
          + "node-local DNS cache wants it"
      }
  }
}

extension PacketProtocol {
  init(_ port: ServicePort) {
    switch port.transport {
    case .tcp: self = .tcp
    case .udp: self = .udp
    case .sctp: self = .sctp
    }
  }
}

extension ServiceLookup {
  /// The rules of a family; of the first that there is where it doesn't matter.
  fileprivate func side(_ family: IPFamily?) throws(PacketQuestionError) -> FamilySide {
    guard let side = families.first else {
      throw PacketQuestionError(
        "\(ruleset.name) holds no \(family.map { "\($0.rawValue) " } ?? "")rules")
    }
    return side
  }
}

extension PacketQuestion {
  /// Checks that the addresses that are named are of one family.
  fileprivate func checkFamilies() throws(PacketQuestionError) {
    let addresses = namedAddresses
    guard let first = addresses.first, let last = addresses.last, first.family != last.family else {
      return
    }
    throw PacketQuestionError(
      "\(first) is \(first.family.rawValue), and \(last) is \(last.family.rawValue)")
  }

  /// Where the packet is sent, and what to say of that.
  fileprivate func target(
    _ hit: ServiceLookup.Hit?, _ node: NodeAddresses
  ) throws(PacketQuestionError) -> (socket: SocketAddress, words: String?) {
    if let hit {
      let (socket, words) = try hit.address(
        by: access, isOutside: source == .outside, node: node.main)
      return (socket, "\(hit.report.port) is asked for by its \(words) (--via)")
    }
    if let access {
      throw PacketQuestionError(
        "--via \(access.rawValue): \(destination.text) is no service port's name")
    }
    if case .address(let address) = destination.place {
      return (SocketAddress(address: address, port: destination.port), nil)
    }
    return (SocketAddress(address: node.main, port: destination.port), nil)
  }

  /// Who sends the packet, and what to say of that.
  fileprivate func sender(
    _ side: FamilySide, _ service: Int?, _ target: IPAddress, _ addresses: NodeAddresses
  ) throws(PacketQuestionError) -> (address: IPAddress, port: UInt16?, reason: String?) {
    switch source {
    case .address(let address, let port): return (address, port, nil)
    // What the node sends to itself comes from where it goes to.
    case .node:
      let isItself = addresses.contains(target)
      return (isItself ? target : node.source(target) ?? addresses.main, nil, nil)
    case .outside:
      let address = target.family.unknownMachine
      return (address, nil, "\(address) stands for another machine")
    case .pod:
      guard let pod = PodSearch(side)?.pod(asking: service) else {
        throw PacketQuestionError("--from pod: the rules show no pod's address; name one as SRC")
      }
      return (pod.address, nil, "\(pod.address) stands for a pod: \(pod.reason)")
    }
  }

  fileprivate var interface: @Sendable (IPAddress) -> NetworkInterface {
    if let output { return { _ in .named(output) } }
    let interface = node.interface
    return { interface($0).map(NetworkInterface.named) ?? .unknown }
  }
}
