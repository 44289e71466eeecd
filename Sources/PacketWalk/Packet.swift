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

  /// The mark with some of its bits replaced by those of another: `--set-xmark`, `--save-mark`, `--restore-mark`.
  ///
  /// - Parameters:
  ///   - ownMask: The bits that are cleared.
  ///   - otherMask: The bits of the other mark that are inverted then.
  func replacing(_ ownMask: UInt32, by other: Mark, _ otherMask: UInt32 = .max) -> Mark {
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

extension ExtensionOptions {
  /// Whether `-m conntrack` or `-m state` holds. C counterpart: `conntrack_mt`.
  func tracking(_ state: WalkState) -> Truth {
    let packet = state.packet
    let isState =
      holds("--ctstate") { state.isAny(of: $0.parts) }
      && holds("--state") { state.isAny(of: $0.parts) }
    let isStateAsked = self["--ctstate"] != nil || self["--state"] != nil
    // Without a connection nothing but the state is looked at, and it has to be asked for.
    guard state.hasConnection || state.hasTemplate else { return isStateAsked ? isState : .no }
    if state.hasTemplate, hasOthers(than: ["--ctstate", "--state"]) { return isState && .unknown }
    // Of a connection that isn't new, nothing says which way its first packet went.
    if packet.connection != .new, hasOthers(than: ["--ctstate", "--state", "--ctproto"]) {
      return isState && .unknown
    }
    let original = state.original
    func isIn(_ option: Option, _ address: IPAddress?) -> Truth {
      option.network.map { $0.contains(address) } ?? .unknown
    }
    return isState
      && holds("--ctproto") { $0.isProtocol(packet.ipProtocol) }
      && holds("--ctorigsrc") { isIn($0, original.source) }
      && holds("--ctorigdst") { isIn($0, original.destination) }
      && holds("--ctreplsrc") { isIn($0, state.destination) }
      && holds("--ctrepldst") { isIn($0, state.source) }
      && holds("--ctorigsrcport") { $0.contains(original.sourcePort) }
      && holds("--ctorigdstport") { $0.contains(original.destinationPort) }
      && holds("--ctreplsrcport") { $0.contains(packet.destinationPort) }
      && holds("--ctrepldstport") { $0.contains(packet.sourcePort) }
      && holds("--ctstatus") { state.hasStatus(among: $0.parts) }
      && holds("--ctdir") { Truth($0.value == "ORIGINAL") }
      && unless("--ctexpire")
  }
}

extension WalkState {
  var hasConnection: Bool {
    isTracked && packet.connection != .untracked && packet.connection != .invalid
  }

  /// Whether the connection is in one of the states.
  fileprivate func isAny(of names: [String]) -> Truth {
    if hasTemplate { return Truth(names.contains("NEW")) }
    guard isTracked else {
      return Truth(names.contains(packet.connection == .untracked ? "UNTRACKED" : "INVALID"))
    }
    if names.contains(packet.connection.rawValue) { return .yes }
    guard hasConnection else { return .no }
    return (names.contains("DNAT") ? isTranslated(isDestinationTranslated) : .no)
      || (names.contains("SNAT") ? isTranslated(isSourceTranslated) : .no)
  }

  /// Of a connection that isn't new, the rules can't tell what was translated.
  private func isTranslated(_ isNow: Truth) -> Truth {
    packet.connection == .new ? isNow : .unknown
  }

  /// A new connection has no status before its first packet has left the last hook.
  fileprivate func hasStatus(among names: [String]) -> Truth {
    names == ["NONE"] ? .no : names.contains("CONFIRMED") ? Truth(isConfirmed) : .no
  }
}
