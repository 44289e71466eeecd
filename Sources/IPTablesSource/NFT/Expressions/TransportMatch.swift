internal import Netfilter

/// A tcp, udp or sctp match whose parts iptables stored as comparisons, each on its own.
struct TransportMatch {
  /// In the order in which iptables writes them.
  enum Part: Int {
    case flags, source, destination
  }

  private enum Kind {
    case tcp, udp, sctp
  }

  private let kind: Kind
  /// What was given of it; a TCP match has all that the others have.
  private(set) var fields = TCPMatch()
  /// The last part given.
  private(set) var last: Part

  /// Nil where iptables has no such match for the protocol.
  @inline(__always)
  init?(_ part: Part, of number: UInt8?) {
    switch number {
    case ProtocolMatch.tcp.number: kind = .tcp
    case ProtocolMatch.udp.number: kind = .udp
    case ProtocolMatch.sctp.number: kind = .sctp
    default: return nil
    }
    if part == .flags, kind != .tcp { return nil }
    last = part
  }

  @inline(__always)
  var match: Match {
    switch kind {
    case .tcp: .tcp(fields)
    case .udp: .udp(UDPMatch(source: fields.source, destination: fields.destination))
    case .sctp: .sctp(SCTPMatch(source: fields.source, destination: fields.destination))
    }
  }

  /// Whether a part that follows may be of the same match.
  func canTake(_ part: Part) -> Bool { part.rawValue > last.rawValue }

  mutating func setFlags(mask: UInt8, set: UInt8, inverted: Bool) {
    (fields.flagMask, fields.flagsSet, fields.flagsInverted) = (mask, set, inverted)
  }

  @inline(__always)
  mutating func setPorts(_ part: Part, _ ports: PortRange) {
    if part == .source { fields.source = ports } else { fields.destination = ports }
    last = part
  }

  /// The ports of the part.
  func ports(_ part: Part) -> PortRange { part == .source ? fields.source : fields.destination }
}
