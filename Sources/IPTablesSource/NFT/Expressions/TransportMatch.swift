/// A tcp, udp or sctp match whose parts iptables stored as comparisons, each on its own.
struct TransportMatch {
  /// In the order in which iptables writes them.
  enum Part: Int {
    case flags, source, destination
  }

  private enum Kind: UInt8 {
    case tcp = 6
    case udp = 17
    case sctp = 132
  }

  private let kind: Kind
  private var source = PortRange.any
  private var destination = PortRange.any
  /// The flags of TCP that are looked at, and those of them that must be set.
  private var flags: (mask: UInt8, set: UInt8, isInverted: Bool) = (0, 0, false)
  /// The last part given.
  private(set) var last: Part

  /// Nil where iptables has no such match for the protocol.
  @inline(__always)
  init?(_ part: Part, of number: UInt8?) {
    guard let number, let kind = Kind(rawValue: number), part != .flags || kind == .tcp else {
      return nil
    }
    self.kind = kind
    last = part
  }

  /// Whether a part that follows may be of the same match.
  func canTake(_ part: Part) -> Bool { part.rawValue > last.rawValue }

  mutating func setFlags(mask: UInt8, set: UInt8, inverted: Bool) {
    flags = (mask, set, inverted)
  }

  @inline(__always)
  mutating func setPorts(_ part: Part, _ ports: PortRange) {
    if part == .source { source = ports } else { destination = ports }
    last = part
  }

  /// The ports of the part.
  func ports(_ part: Part) -> PortRange { part == .source ? source : destination }

  var name: StaticString {
    switch kind {
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    }
  }

  /// The struct of x_tables: `struct xt_tcp`, `xt_udp`, `xt_sctp_info`.
  var info: StructBytes {
    var info = StructBytes(capacity: 16)
    let inversions: UInt8 = (source.inverted ? 1 : 0) | (destination.inverted ? 2 : 0)
    for ports in kind == .sctp ? [destination, source] : [source, destination] {
      info.append(ports.first)
      info.append(ports.last)
    }
    switch kind {
    case .tcp:
      info.append(UInt8(0))
      info.append(flags.mask)
      info.append(flags.set)
      info.append(inversions | (flags.isInverted ? 4 : 0))
    case .udp:
      info.append(inversions)
      info.pad(to: 10)
    case .sctp:
      info.pad(to: 284)
      info.append(UInt32(source == .any ? 0 : 1) | (destination == .any ? 0 : 2))
      info.append(UInt32(inversions))
    }
    return info
  }
}

/// A range of ports, both ends included; the default is every port, which restricts nothing.
struct PortRange: Equatable {
  var first: UInt16 = 0
  var last: UInt16 = .max
  var inverted = false

  static let any = PortRange()
}
