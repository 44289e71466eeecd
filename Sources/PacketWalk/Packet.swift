public import Netfilter

/// A packet as rules see it: the first of a connection, unless ``connection`` says otherwise.
///
/// What isn't known of it is nil or unknown. A rule that asks for it then matches or not.
public struct Packet: Sendable, Hashable {
  public var source: IPAddress
  public var destination: IPAddress
  /// The number of the IP protocol, such as 6 for TCP.
  public var ipProtocol: UInt8
  public var sourcePort: UInt16?
  public var destinationPort: UInt16?
  /// The interface that it comes in by, where it comes from outside.
  public var input: NetworkInterface
  /// The port of a bridge that it comes in by; none where the node routes it from another interface.
  public var bridgePort: NetworkInterface
  public var connection: ConnectionState

  public init(
    source: IPAddress, destination: IPAddress, ipProtocol: UInt8, sourcePort: UInt16? = nil,
    destinationPort: UInt16? = nil, input: NetworkInterface = .unknown,
    bridgePort: NetworkInterface = .unknown, connection: ConnectionState = .new
  ) {
    self.source = source
    self.destination = destination
    self.ipProtocol = ipProtocol
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.input = input
    self.bridgePort = bridgePort
    self.connection = connection
  }

  public var family: IPFamily { destination.family }
}

/// The network interface by which a packet comes in or goes out.
public enum NetworkInterface: Sendable, Hashable {
  /// There is none: a packet that comes in has no interface yet to go out by.
  case none
  case unknown
  /// It isn't known, but is none of these.
  case noneOf(Set<String>)
  case named(String)
}

/// What connection tracking says of a packet; the raw value is the name that iptables writes.
public enum ConnectionState: String, Sendable, Hashable, CaseIterable {
  case new = "NEW"
  case established = "ESTABLISHED"
  case related = "RELATED"
  case invalid = "INVALID"
  case untracked = "UNTRACKED"
}

/// Where a packet begins its way through the rules.
public enum PacketOrigin: Sendable, Hashable {
  /// It comes in by an interface: from a pod or from another machine.
  case outside
  /// A process in the node's own network namespace sends it.
  case node
}

/// Bits of a mark, of which some may be unknown. Every packet begins with zero.
public struct Mark: Sendable, Hashable {
  public private(set) var value: UInt32 = 0
  /// The bits that aren't known. They are zero in ``value``.
  public private(set) var unknownBits: UInt32 = 0

  public static let unknown = Mark(value: 0, unknownBits: .max)

  public init(value: UInt32 = 0, unknownBits: UInt32 = 0) {
    self.value = value & ~unknownBits
    self.unknownBits = unknownBits
  }

  /// Clears the bits of `mask`, then inverts those of `value`: `--set-xmark value/mask`.
  func setting(_ value: UInt32, mask: UInt32) -> Mark {
    Mark(value: (self.value & ~mask) ^ value, unknownBits: unknownBits & ~mask)
  }

  /// The mark with some of its bits replaced by those of another: `--save-mark`, `--restore-mark`.
  ///
  /// - Parameters:
  ///   - ownMask: The bits that are cleared.
  ///   - otherMask: The bits of the other mark that are set instead.
  func replacing(_ ownMask: UInt32, by other: Mark, _ otherMask: UInt32) -> Mark {
    let new = other.value & otherMask
    return Mark(
      value: (value & ~ownMask) ^ new,
      unknownBits: unknownBits & ~ownMask | other.unknownBits & otherMask)
  }

  /// Whether the bits of `mask` are those of `value`: `--mark value/mask`.
  func matches(_ value: UInt32, mask: UInt32) -> Truth {
    if (self.value ^ value) & mask & ~unknownBits != 0 { return .no }
    return unknownBits & mask == 0 ? .yes : .unknown
  }
}

/// Whether a condition holds.
public enum Truth: Sendable, Hashable {
  case no, yes, unknown

  init(_ holds: Bool) { self = holds ? .yes : .no }

  static prefix func ! (truth: Truth) -> Truth {
    switch truth {
    case .no: .yes
    case .yes: .no
    case .unknown: .unknown
    }
  }

  static func && (left: Truth, right: Truth) -> Truth {
    if left == .no || right == .no { return .no }
    return left == .yes && right == .yes ? .yes : .unknown
  }

  static func || (left: Truth, right: Truth) -> Truth { !(!left && !right) }
}
