private import CNFTables
internal import Netfilter

/// Requests to nf_tables, one after the other in a run of bytes that is sent at once.
///
/// C counterparts: `struct nlmsghdr`, `struct nfgenmsg`, `struct nlattr`.
struct NetlinkRequest {
  private(set) var bytes: [UInt8] = []
  private var start = 0

  /// Begins another request.
  ///
  /// - Parameters:
  ///   - type: such as `NFT_MSG_GETRULE`.
  ///   - family: nil where the request is of no family.
  ///   - isDump: whether all that there is of its kind is asked for.
  mutating func begin(
    _ type: Int, _ family: IPFamily?, isDump: Bool = false, sequence: UInt32
  ) {
    start = bytes.count
    append(UInt32(0))  // the length, which `end` knows
    append(UInt16(Int(NFNL_SUBSYS_NFTABLES) << 8 | type))
    append(UInt16(NLM_F_REQUEST | (isDump ? NLM_F_DUMP : 0)))
    append(sequence)
    append(UInt32(0))  // the port, which the kernel knows
    append(UInt32(family.map { UInt8($0.netlinkNumber) } ?? 0))
  }

  /// Ends the request.
  mutating func end() {
    let length = UInt32(bytes.count - start)
    for index in 0..<4 {
      bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index))
    }
  }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Adds a text with its end.
  mutating func add(_ type: Int, _ text: some Collection<UInt8>) {
    append(UInt16(4 + text.count + 1))
    append(UInt16(type))
    bytes.append(contentsOf: text)
    for _ in 0..<4 - text.count % 4 { bytes.append(0) }
  }

  /// Adds a number in network order.
  mutating func add(_ type: Int, _ number: UInt64) {
    append(UInt16(12))
    append(UInt16(type))
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
