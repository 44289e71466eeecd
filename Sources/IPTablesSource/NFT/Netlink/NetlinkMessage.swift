private import CNFTables

/// A message of nf_tables or of netlink itself.
struct NetlinkMessage {
  enum Kind {
    /// `NFT_MSG_…`.
    case table(Int)
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
    let attributes = payload.slice(at: 4, count: payload.count - 4) ?? KernelBytes.empty
    return NetlinkMessage(
      kind: Self.kind(type, payload), sequence: sequence,
      isInterrupted: flags & UInt16(NLM_F_DUMP_INTR) != 0, family: family,
      attributes: NetlinkAttributes(attributes))
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
      guard type >> 8 == UInt16(NFNL_SUBSYS_NFTABLES) else { return .other }
      return .table(Int(type & 0xff))
    }
  }

  private static let headerSize = 16
}
