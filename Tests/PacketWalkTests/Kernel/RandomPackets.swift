import Netfilter
import PacketWalk
import TestSupport

/// Packets of which no two belong to one connection.
struct RandomPackets {
  typealias Sent = (packet: Packet, origin: WalkNode.Origin)

  private var random = SplitMix64(seed: 0)
  private var port: UInt16 = 20_000
  /// Packets without ports belong to the connection of the last one with the same addresses, for a second.
  private var lastWithoutPorts = ContinuousClock.now - .seconds(10)

  /// Goes on with packets of another seed.
  mutating func begin(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func packet(_ family: IPFamily) -> Sent {
    let origin = WalkNode.Origin.allCases.randomElement(using: &random) ?? .pod
    // IPv6 takes no loopback addresses from outside.
    let destinations = (Self.destinations[family] ?? []).filter {
      origin == .node || !(family == .ipv6 && $0.isLoopback)
    }
    let destination = destinations[Int.random(in: destinations.indices, using: &random)]
    let isPortless =
      origin != .node && ContinuousClock.now - lastWithoutPorts > .seconds(2)
      && Int.random(in: 0..<20, using: &random) == 0
    if isPortless { lastWithoutPorts = .now }
    let numbers: [UInt8] =
      isPortless ? [47, 50] : [6, 6, 17, 17, 17, 132, family == .ipv4 ? 1 : 58]
    let ports: [UInt16] = [53, 80, 443, 8080, 5353, 31_000]
    return make(
      origin, to: destination, numbers[Int.random(in: numbers.indices, using: &random)],
      port: ports[Int.random(in: ports.indices, using: &random)],
      isInvalid: Int.random(in: 0..<12, using: &random) == 0)
  }

  /// A packet that one of the rules asks for, as far as it says.
  mutating func packet(to targets: RuleTargets) -> Sent {
    guard Int.random(in: 0..<8, using: &random) > 0,
      let target = targets.targets.randomElement(using: &random)
    else { return packet(targets.family) }
    var sent = packet(targets.family)
    let own = (WalkNode.addresses[targets.family] ?? []).compactMap { IPAddress($0) }
    let destination =
      target.destination ?? own[Int.random(in: own.indices, using: &random)]
    let isTaken = sent.origin == .node || targets.family == .ipv4 || !destination.isLoopback
    if isTaken, !destination.isUnspecific {
      let ipProtocol = target.ipProtocol ?? sent.packet.ipProtocol
      sent = make(
        sent.origin, to: destination, [1, 6, 17, 58, 132].contains(ipProtocol) ? ipProtocol : 17,
        port: target.port ?? 80)
    }
    if let source = target.source, sent.origin != .node, !source.isLoopback, !own.contains(source),
      !source.isUnspecific, Bool.random(using: &random)
    {
      sent.packet.source = source
    }
    return sent
  }

  /// A packet to a port, with a source port of its own.
  ///
  /// - Parameter isInvalid: Whether a packet of TCP belongs to no connection.
  mutating func make(
    _ origin: WalkNode.Origin, to destination: IPAddress, _ ipProtocol: UInt8, port: UInt16,
    isInvalid: Bool = false
  ) -> Sent {
    let hasPorts = [6, 17, 132].contains(ipProtocol)
    self.port = self.port == 60_000 ? 20_000 : self.port + 1
    let packet = Packet(
      source: source(origin, to: destination), destination: destination, ipProtocol: ipProtocol,
      sourcePort: hasPorts ? self.port : nil, destinationPort: hasPorts ? port : nil,
      input: origin.interface, bridgePort: origin.bridgePort,
      connection: isInvalid && ipProtocol == 6 ? .invalid : .new)
    return (packet, origin)
  }

  private mutating func source(_ origin: WalkNode.Origin, to destination: IPAddress) -> IPAddress {
    if origin == .node { return WalkNode.source(to: destination) }
    let sources = (Self.sources[origin] ?? [:])[destination.family] ?? [destination]
    return sources[Int.random(in: sources.indices, using: &random)]
  }

  private static let sources: [WalkNode.Origin: [IPFamily: [IPAddress]]] = [
    .pod: addresses(
      ["10.244.1.3", "10.244.1.5", "10.244.1.77"], ["fd00:10:244:1::3", "fd00:10:244:1::77"]),
    .bridgedPod: addresses(["10.244.3.3", "10.244.3.5"], ["fd00:10:244:3::3"]),
    .outside: addresses(
      ["192.168.50.7", "203.0.113.5", "198.51.100.20", "10.244.2.9"],
      ["fd00:50::7", "2001:db8:1::5", "fd00:10:244:2::9"]),
  ]

  private static let destinations = addresses(
    [
      "10.244.1.3", "10.244.1.9", "10.244.2.3", "10.244.3.9", "10.244.3.1", "10.96.0.10",
      "10.96.0.11", "198.51.100.9",
      "192.168.50.1", "10.244.1.1", "127.0.0.1", "127.0.0.53",
    ],
    [
      "fd00:10:244:1::3", "fd00:10:244:1::9", "fd00:10:244:2::3", "fd00:10:244:3::9",
      "fd00:10:96::a", "2001:db8::9",
      "fd00:50::1", "fd00:10:244:1::1", "::1",
    ])

  private static func addresses(
    _ ipv4: [String], _ ipv6: [String]
  ) -> [IPFamily: [IPAddress]] {
    [.ipv4: ipv4.compactMap { IPAddress($0) }, .ipv6: ipv6.compactMap { IPAddress($0) }]
  }
}

extension IPAddress {
  /// Whether it is in 0.0.0.0/8, 224.0.0.0/3, ::/8 or ff00::/8: no single host's.
  fileprivate var isUnspecific: Bool {
    let first = high >> 56
    return family == .ipv4 ? first == 0 || first >= 224 : first == 0 && !isLoopback || first == 0xff
  }
}
