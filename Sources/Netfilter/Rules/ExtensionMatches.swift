/// `-m tcp`. C counterpart: `struct xt_tcp`.
public struct TCPMatch: Sendable, Hashable {
  public var source: PortRange
  public var destination: PortRange
  /// `--tcp-option`: the option's number, 0 where none is asked for.
  public var option: UInt8
  public var optionInverted: Bool
  /// `--tcp-flags`: the flags looked at, and those of them that must be set; both 0 where not given.
  public var flagMask: UInt8
  public var flagsSet: UInt8
  public var flagsInverted: Bool

  public init(
    source: PortRange = .any, destination: PortRange = .any, option: UInt8 = 0,
    optionInverted: Bool = false, flagMask: UInt8 = 0, flagsSet: UInt8 = 0,
    flagsInverted: Bool = false
  ) {
    self.source = source
    self.destination = destination
    self.option = option
    self.optionInverted = optionInverted
    self.flagMask = flagMask
    self.flagsSet = flagsSet
    self.flagsInverted = flagsInverted
  }
}

/// `-m udp`. C counterpart: `struct xt_udp`.
public struct UDPMatch: Sendable, Hashable {
  public var source: PortRange
  public var destination: PortRange

  public init(source: PortRange = .any, destination: PortRange = .any) {
    self.source = source
    self.destination = destination
  }
}

/// `-m sctp` without chunk types. C counterpart: `struct xt_sctp_info`.
public struct SCTPMatch: Sendable, Hashable {
  public var source: PortRange
  public var destination: PortRange

  public init(source: PortRange = .any, destination: PortRange = .any) {
    self.source = source
    self.destination = destination
  }
}

/// `-m multiport`. C counterpart: `struct xt_multiport_v1`.
public struct MultiportMatch: Sendable, Hashable {
  public enum Side: UInt8, Sendable, Hashable {
    case source = 0
    case destination = 1
    case either = 2
  }

  public let side: Side
  /// Single ports and ranges, in the order given; at most 15 ports, a range counting as two.
  public let ports: [PortRange]
  public let inverted: Bool

  public init(side: Side, ports: [PortRange], inverted: Bool = false) {
    self.side = side
    self.ports = ports
    self.inverted = inverted
  }
}

/// `-m statistic`. C counterpart: `struct xt_statistic_info`, without its running count.
public struct StatisticMatch: Sendable, Hashable {
  public enum Mode: Sendable, Hashable {
    /// The probability in units of 2^-31, as the kernel compares it.
    case random(probability: UInt32)
    /// One packet of every `every` (at least 1), beginning with number `packet`.
    case nth(every: UInt32, packet: UInt32)
  }

  public let mode: Mode
  public let inverted: Bool

  public init(mode: Mode, inverted: Bool = false) {
    self.mode = mode
    self.inverted = inverted
  }
}

/// `-m recent`. C counterpart: `struct xt_recent_mtinfo_v1`.
public struct RecentMatch: Sendable, Hashable {
  /// The list's name, such as `KUBE-SEP-…`.
  public let name: Comment
  /// `XT_RECENT_*`: 1 check, 2 set, 4 update, 8 remove, 16 TTL, 32 reap.
  public let flags: UInt8
  public let seconds: UInt32
  public let hitCount: UInt32
  public let isDestination: Bool
  public let mask: IPAddress
  public let inverted: Bool

  public init(
    name: Comment, flags: UInt8, seconds: UInt32, hitCount: UInt32, isDestination: Bool,
    mask: IPAddress, inverted: Bool = false
  ) {
    self.name = name
    self.flags = flags
    self.seconds = seconds
    self.hitCount = hitCount
    self.isDestination = isDestination
    self.mask = mask
    self.inverted = inverted
  }
}

/// `-m mark`. C counterpart: `struct xt_mark_mtinfo1`.
public struct MarkMatch: Sendable, Hashable {
  public let value: UInt32
  public let mask: UInt32
  public let inverted: Bool

  public init(value: UInt32, mask: UInt32, inverted: Bool = false) {
    self.value = value
    self.mask = mask
    self.inverted = inverted
  }
}

/// `-m limit`: packets per second as the kernel keeps them. C counterpart: `struct xt_rateinfo`,
/// without its credit.
public struct LimitMatch: Sendable, Hashable {
  /// The mean time between packets in units of 0.1 ms.
  public let average: UInt32
  public let burst: UInt32

  public init(average: UInt32, burst: UInt32) {
    self.average = average
    self.burst = burst
  }
}

/// `-m addrtype`. C counterpart: `struct xt_addrtype_info_v1`.
public struct AddressTypeMatch: Sendable, Hashable {
  /// `XT_ADDRTYPE_*` bits of the source address; 0 where any will do.
  public let source: UInt16
  /// `XT_ADDRTYPE_*` bits of the destination address; 0 where any will do.
  public let destination: UInt16
  /// 1 source inverted, 2 destination inverted, 4 limited to the input interface, 8 to the output.
  public let flags: UInt8

  public init(source: UInt16, destination: UInt16, flags: UInt8) {
    self.source = source
    self.destination = destination
    self.flags = flags
  }
}

/// `-m conntrack`. C counterpart: `struct xt_conntrack_mtinfo3`.
public struct ConnectionTrackingMatch: Sendable, Hashable {
  /// What is compared, and which of it inverted: `XT_CONNTRACK_*` bits.
  public var matchFlags: UInt16
  public var invertFlags: UInt16
  /// `--ctstate`: 1 invalid, 2 established, 4 related, 8 new, 64 SNAT, 128 DNAT, 256 untracked.
  public var states: UInt16
  /// `--ctstatus`: 1 expected, 2 seen reply, 4 assured, 8 confirmed, as the kernel numbers them.
  public var statuses: UInt16
  /// All other fields, as stored up to the flags and, after the states, the upper ports; empty
  /// where none of them is compared.
  public var others: [UInt8]

  public init(
    matchFlags: UInt16, invertFlags: UInt16 = 0, states: UInt16 = 0, statuses: UInt16 = 0,
    others: [UInt8] = []
  ) {
    self.matchFlags = matchFlags
    self.invertFlags = invertFlags
    self.states = states
    self.statuses = statuses
    self.others = others
  }
}
