internal import CNFTables
internal import Netfilter

/// A message of one of netfilter's subsystems, or of netlink itself.
struct NetlinkMessage {
  enum Kind: Equatable {
    /// `NFT_MSG_…`.
    case table(Int)
    /// `NFNL_MSG_ACCT_…`.
    case account(Int)
    /// `IPCTNL_MSG_CT_…`.
    case connection(Int)
    /// The end of a dump: 0, or the `errno` that ended it before it was complete.
    case done(Int32)
    /// A refusal with its `errno`, or 0 where a request is acknowledged.
    case error(Int32)
    case other
  }

  let kind: Kind
  let sequence: UInt32
  /// Whether something changed while the dump was made: `NLM_F_DUMP_INTR`.
  let isInterrupted: Bool
  /// `NFPROTO_…`.
  let family: UInt8
  let attributes: NetlinkAttributes
}

/// The messages in what a socket received; C counterpart: `mnl_nlmsg_ok`, `mnl_nlmsg_next`.
struct NetlinkMessages: Sequence, IteratorProtocol {
  private let bytes: KernelBytes
  private var offset = 0

  init(_ bytes: KernelBytes) { self.bytes = bytes }

  mutating func next() -> NetlinkMessage? {
    guard let length = bytes.load(UInt32.self, at: offset).map(Int.init),
      length >= Self.headerSize, let message = bytes.slice(at: offset, count: length),
      let type = message.load(UInt16.self, at: 4), let flags = message.load(UInt16.self, at: 6),
      let sequence = message.load(UInt32.self, at: 8)
    else { return nil }
    offset += (length + 3) & ~3
    let payload = message.slice(at: Self.headerSize, count: length - Self.headerSize) ?? message
    let family = payload.load(UInt8.self) ?? 0
    return NetlinkMessage(
      kind: Self.kind(type, payload), sequence: sequence,
      isInterrupted: flags & UInt16(NLM_F_DUMP_INTR) != 0, family: family,
      attributes: NetlinkAttributes(payload.slice(at: 4, count: payload.count - 4)))
  }

  /// Whether nothing stands behind the messages that were taken, which are one at least.
  var isAtEnd: Bool { offset > 0 && offset >= bytes.count }

  private static func kind(_ type: UInt16, _ payload: KernelBytes) -> NetlinkMessage.Kind {
    // Negated so that the least number is no trap.
    let code = 0 &- (payload.load(Int32.self) ?? 0)
    switch Int32(type) {
    case NLMSG_DONE: return .done(code)
    case NLMSG_ERROR: return .error(code)
    default:
      switch Int32(type >> 8) {
      case NFNL_SUBSYS_NFTABLES: return .table(Int(type & 0xff))
      case NFNL_SUBSYS_ACCT: return .account(Int(type & 0xff))
      case NFNL_SUBSYS_CTNETLINK: return .connection(Int(type & 0xff))
      default: return .other
      }
    }
  }

  private static let headerSize = 16
}

/// The attributes in a run of bytes: a header with length and type, the payload, and padding to four
/// bytes. It ends at the first one that doesn't lie within the bytes.
///
/// C counterpart: `struct nlattr`, `mnl_attr_for_each_payload`.
@safe struct NetlinkAttributes: Sequence, IteratorProtocol {
  struct Attribute {
    /// Without the flags that say that it is nested, or in network order.
    let type: Int
    let payload: KernelBytes
  }

  private let bytes: KernelBytes
  private var offset = 0

  init(_ bytes: KernelBytes?) { self.bytes = bytes ?? .empty }

  /// The payload of the attribute of a type; nil where there is none.
  ///
  /// The search starts behind the attribute found last and wraps around. Callers that ask in the kernel's order
  /// walk through all attributes once.
  @inline(__always)
  mutating func payload(of type: some RawRepresentable<UInt32>) -> KernelBytes? {
    for _ in 0..<2 {
      while let attribute = next() {
        if attribute.type == Int(type.rawValue) { return attribute.payload }
      }
      offset = 0
    }
    return nil
  }

  /// The number in the attribute of a type, which stands there in network order.
  @inline(__always)
  mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    of type: some RawRepresentable<UInt32>
  ) -> Number? {
    payload(of: type)?.loadBigEndian(at: 0)
  }

  @inline(__always)
  mutating func next() -> Attribute? {
    guard let length = bytes.load(UInt16.self, at: offset).map(Int.init),
      let type = bytes.load(UInt16.self, at: offset + 2), length >= Self.headerSize,
      let payload = bytes.slice(at: offset + Self.headerSize, count: length - Self.headerSize)
    else { return nil }
    offset += (length + 3) & ~3
    return Attribute(type: Int(type & Self.typeMask), payload: payload)
  }

  private static let headerSize = 4
  private static let typeMask: UInt16 = 0x3fff
}

/// Requests to one of netfilter's subsystems, one after the other in a run of bytes that is sent at once.
///
/// C counterparts: `struct nlmsghdr`, `struct nfgenmsg`, `struct nlattr`.
struct NetlinkRequest {
  private(set) var bytes: [UInt8] = []
  private var start = 0

  /// Begins another request to nf_tables.
  ///
  /// - Parameters:
  ///   - type: such as `NFT_MSG_GETRULE`.
  ///   - family: nil where the request is of no family.
  ///   - isDump: whether all that there is of its kind is asked for.
  mutating func begin(
    _ type: nf_tables_msg_types, _ family: IPFamily?, isDump: Bool = false, sequence: UInt32
  ) {
    begin(NFNL_SUBSYS_NFTABLES, type.rawValue, family, isDump: isDump, sequence: sequence)
  }

  /// Begins another request, for all of nfacct's objects. It leaves their counters as they are.
  mutating func beginAccounts(sequence: UInt32) {
    begin(NFNL_SUBSYS_ACCT, NFNL_MSG_ACCT_GET.rawValue, nil, isDump: true, sequence: sequence)
  }

  /// Begins another request to connection tracking.
  mutating func beginConnections(
    _ type: cntl_msg_types, _ family: IPFamily?, isDump: Bool, sequence: UInt32
  ) {
    begin(NFNL_SUBSYS_CTNETLINK, type.rawValue, family, isDump: isDump, sequence: sequence)
  }

  private mutating func begin(
    _ subsystem: Int32, _ type: UInt32, _ family: IPFamily?, isDump: Bool, sequence: UInt32
  ) {
    start = bytes.count
    append(UInt32(0))  // the length, which `end` knows
    append(UInt16(subsystem) << 8 | UInt16(type))
    append(UInt16(NLM_F_REQUEST | (isDump ? NLM_F_DUMP : 0)))
    append(sequence)
    append(UInt32(0))  // the port, which the kernel knows
    append(UInt32(family?.netlinkNumber ?? 0))
  }

  /// Ends the request.
  mutating func end() {
    let length = UInt32(bytes.count - start)
    for index in 0..<4 {
      bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index))
    }
  }

  /// Adds a text with its end.
  mutating func add(_ type: some RawRepresentable<UInt32>, _ text: some Collection<UInt8>) {
    append(UInt16(4 + text.count + 1))
    append(UInt16(type.rawValue))
    bytes.append(contentsOf: text)
    for _ in 0..<4 - text.count % 4 { bytes.append(0) }
  }

  /// Adds a number of four bytes in network order.
  mutating func add(_ type: some RawRepresentable<UInt32>, _ number: UInt32) {
    append(UInt16(8))
    append(UInt16(type.rawValue))
    append(number.bigEndian)
  }

  /// Adds a number in network order.
  mutating func add(_ type: some RawRepresentable<UInt32>, _ number: UInt64) {
    append(UInt16(12))
    append(UInt16(type.rawValue))
    append(number.bigEndian)
  }

  private mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
    var rest = UInt64(value)
    for _ in 0..<value.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}

extension IPFamily {
  /// C counterpart: `NFPROTO_IPV4`, `NFPROTO_IPV6`.
  var netlinkNumber: UInt8 { self == .ipv4 ? 2 : 10 }

  init?(netlinkNumber: UInt8) {
    switch netlinkNumber {
    case 2: self = .ipv4
    case 10: self = .ipv6
    default: return nil
    }
  }
}
