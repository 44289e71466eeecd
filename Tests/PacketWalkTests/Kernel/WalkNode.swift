import Glibc
import Netfilter
import PacketWalk
import TestSupport

/// A node in a network namespace of its own, between its pods and what lies outside: packets are put
/// on the wire by bytes, and what comes out is captured, so that nobody answers.
///
/// Pods are behind the interface `pod0`, others behind `port0`, a port of the bridge `br0`, and everything
/// else is behind `out0`. What the node's kernel says by itself (resets, ICMP errors, neighbour discovery)
/// is dropped before any rule sees it.
final class WalkNode {
  enum Origin: CaseIterable {
    case pod, bridgedPod, outside, node

    var packetOrigin: PacketOrigin { self == .node ? .node : .outside }
    var interface: NetworkInterface {
      switch self {
      case .pod: .named("pod0")
      case .bridgedPod: .named("br0")
      case .outside: .named("out0")
      case .node: .none
      }
    }
    var bridgePort: NetworkInterface {
      self == .bridgedPod && Self.isBridgeFiltered ? .named("port0") : .none
    }

    /// Whether bridges hand their packets to iptables: the module br_netfilter.
    private static let isBridgeFiltered = unsafe access("/proc/sys/net/bridge", F_OK) == 0

    /// Who is at an address.
    init(_ address: IPAddress) {
      let network = address.family == .ipv4 ? address.high >> 40 : address.high
      switch network {
      case 0x0af401, 0xfd00_0010_0244_0001: self = .pod
      case 0x0af403, 0xfd00_0010_0244_0003: self = .bridgedPod
      default: self = .outside
      }
    }
  }

  /// The addresses of `out0`, `pod0`, lo and `br0`.
  static let addresses: [IPFamily: [String]] = [
    .ipv4: ["192.168.50.1", "10.244.1.1", "127.0.0.1", "10.244.3.1"],
    .ipv6: ["fd00:50::1", "fd00:10:244:1::1", "::1", "fd00:10:244:3::1"],
  ]

  let context: NodeContext
  private let senders: [IPFamily: RawSocket]
  private let wires: [Wire]
  private let receivers: [(family: IPFamily, ipProtocol: UInt8, socket: RawSocket)]

  private struct Wire {
    let interface: String
    let family: IPFamily
    let socket: RawSocket
    let address: [UInt8]
  }

  /// Packets of processes have this priority (`SO_PRIORITY`), and the kernel's own 0.
  private static let priority: Int32 = 77
  static let protocols: [IPFamily: [UInt8]] = [
    .ipv4: [1, 6, 17, 132, 47, 50], .ipv6: [58, 6, 17, 132, 47, 50],
  ]

  /// Makes this thread's network namespace, which must be new, the node's.
  init() throws {
    let namespace = unsafe open("/proc/thread-self/ns/net", O_RDONLY)
    defer { close(namespace) }
    try Self.run(Self.nodeScript)
    wires = try withNetworkNamespace {
      try Self.run(Self.worldScript, "/proc/\(getpid())/fd/\(namespace)")
      return try [("pod0", "pod0", 1), ("out0", "out0", 2), ("port0", "br0", 4)].flatMap {
        (name, interface, number: UInt8) in
        try IPFamily.allCases.map { family in
          Wire(
            interface: interface, family: family, socket: try .interface(name, family),
            address: RawSocket.linkAddress(
              family, unsafe if_nametoindex(name), to: [2, 0, 0, 0, 0, number]))
        }
      }
    }
    try Self.run(Self.linkScript)
    var senders: [IPFamily: RawSocket] = [:]
    for family in IPFamily.allCases {
      senders[family] = try .sender(family, priority: Self.priority)
    }
    self.senders = senders
    receivers = try IPFamily.allCases.flatMap { family in
      try (Self.protocols[family] ?? []).map { (family, $0, try .receiver(family, $0)) }
    }
    context = NodeContext(
      addresses: Set(Self.addresses.values.joined().compactMap { IPAddress($0) }),
      interface: { Origin($0).interface })
  }

  private static func run(_ script: String, _ argument: String = "") throws {
    try Command.run("sh", "-ec", script, "sh", argument)
  }

  /// The source that the node chooses for what it sends to an address.
  static func source(to destination: IPAddress) -> IPAddress {
    let family = destination.family
    let own = (addresses[family] ?? []).compactMap { IPAddress($0) }
    if own.contains(destination) { return destination }
    if destination.isLoopback { return own[2] }
    return own[Origin(destination) == .pod ? 1 : 0]
  }

  /// Puts a packet on its way.
  func send(_ bytes: [UInt8], _ packet: Packet, from origin: Origin) throws {
    switch origin {
    case .node:
      try senders[packet.family]?.send(
        bytes, to: RawSocket.internetAddress(packet.destination))
    case .pod, .bridgedPod, .outside:
      for wire in wires
      where .named(wire.interface) == origin.interface && wire.family == packet.family {
        try wire.socket.send(bytes, to: wire.address)
      }
    }
  }

  /// What came out since the last time.
  func arrivals() -> [Arrival] {
    var arrivals: [Arrival] = []
    for wire in wires {
      while let received = wire.socket.receive() {
        if let arrival = Arrival(received.bytes, by: wire.interface) { arrivals.append(arrival) }
      }
    }
    for receiver in receivers {
      while let received = receiver.socket.receive() {
        if receiver.family == .ipv6 {
          arrivals.append(
            Arrival(
              received.bytes[...], receiver.ipProtocol, received.source, received.destination,
              by: nil))
        } else if let arrival = Arrival(received.bytes, by: nil) {
          arrivals.append(arrival)
        }
      }
    }
    return arrivals
  }
}

extension WalkNode {
  private static let nodeScript = """
    modprobe -aq nf_conntrack br_netfilter 2>/dev/null || true
    nft -f - <<END
    table inet oracle {
      chain output {
        type filter hook output priority -1000
        meta priority != 0:\(String(priority, radix: 16)) drop
      }
    }
    END
    cd /proc/sys/net
    for file in ipv4/ip_forward ipv6/conf/all/forwarding \
      ipv4/conf/all/route_localnet ipv4/conf/default/route_localnet ipv4/conf/lo/route_localnet \
      netfilter/*_timeout netfilter/*_timeout_*; do
      echo 1 >$file
    done
    # Somebody may answer after a while.
    echo 20 >netfilter/nf_conntrack_udp_timeout
    for file in ipv4/conf/*/rp_filter ipv6/conf/*/accept_dad ipv6/conf/*/router_solicitations \
      netfilter/nf_conntrack_checksum; do
      echo 0 >$file
    done
    ip link set lo up
    for family in 4 6; do
      [ $family = 4 ] && networks="10.244.0.0/16 192.168.50.7" || networks="fd00:10:244::/48 fd00:50::7"
      ipset create walk$family-net hash:net family inet${family#4}
      for network in $networks; do ipset add walk$family-net $network; done
    done
    """

  private static let worldScript = """
    echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
    for name in pod0=1 out0=2 port0=3; do
      ip link add ${name%=*} address 02:00:00:00:01:0${name#*=} type veth \
        peer name ${name%=*} address 02:00:00:00:00:0${name#*=} netns $1
      ip link set ${name%=*} up
    done
    """

  private static let linkScript = """
    for file in /proc/sys/net/bridge/bridge-nf-call-ip*tables; do
      [ ! -e $file ] || echo 1 >$file
    done
    ip -batch - <<END
    link add br0 address 02:00:00:00:00:04 type bridge forward_delay 0 mcast_snooping 0
    link set port0 master br0
    link set port0 type bridge_slave hairpin on
    link set pod0 up
    link set out0 up
    link set port0 up
    link set br0 up
    address add 10.244.3.1/32 dev br0
    address add fd00:10:244:3::1/128 dev br0 nodad
    neighbour add 169.254.0.3 lladdr 02:00:00:00:02:03 dev br0 nud permanent
    neighbour add fe80::1:3 lladdr 02:00:00:00:02:03 dev br0 nud permanent
    route add 10.244.3.0/24 via 169.254.0.3 dev br0 onlink
    route add fd00:10:244:3::/64 via fe80::1:3 dev br0 onlink
    address add 192.168.50.1/32 dev out0
    address add 10.244.1.1/32 dev pod0
    address add fd00:50::1/128 dev out0 nodad
    address add fd00:10:244:1::1/128 dev pod0 nodad
    neighbour add 169.254.0.1 lladdr 02:00:00:00:02:01 dev pod0 nud permanent
    neighbour add 169.254.0.2 lladdr 02:00:00:00:02:02 dev out0 nud permanent
    neighbour add fe80::1:1 lladdr 02:00:00:00:02:01 dev pod0 nud permanent
    neighbour add fe80::1:2 lladdr 02:00:00:00:02:02 dev out0 nud permanent
    route add 10.244.1.0/24 via 169.254.0.1 dev pod0 onlink
    route add default via 169.254.0.2 dev out0 onlink src 192.168.50.1
    route add fd00:10:244:1::/64 via fe80::1:1 dev pod0 onlink
    route add default via fe80::1:2 dev out0 onlink src fd00:50::1
    END
    bridge fdb add 02:00:00:00:02:03 dev port0 master static
    until bridge link show dev port0 | grep -q "state forwarding"; do sleep 0.02; done
    """
}
