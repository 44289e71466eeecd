private import CNFTables
internal import Netfilter

/// What a register is compared with, or masked by: up to 16 bytes, the first of them leftmost.
struct RegisterValue: Equatable {
  let high: UInt64
  let low: UInt64
  /// The number of bytes; those that follow are zero.
  let count: Int
}

extension RegisterValue {
  /// Takes an attribute that holds data; nil where that is a verdict, empty or longer.
  ///
  /// C counterpart: `NFTA_DATA_VALUE`.
  @inline(__always)
  init?(data: KernelBytes?) {
    var attributes = NetlinkAttributes(data)
    guard let bytes = attributes.payload(of: NFTA_DATA_VALUE), (1...16).contains(bytes.count)
    else { return nil }
    let count = bytes.count
    self.init(
      high: bytes.leadingWord,
      low: count < 8 ? 0 : bytes.slice(at: 8, count: count - 8)?.leadingWord ?? 0, count: count)
  }

  /// `count` bytes whose bits are all set.
  @inline(__always)
  static func ones(_ count: Int) -> RegisterValue {
    RegisterValue(
      high: count >= 8 ? .max : ~(.max >> UInt64(8 * count)),
      low: count <= 8 ? 0 : ~(.max >> UInt64(8 * (count - 8))), count: count)
  }

  var isZero: Bool { high == 0 && low == 0 }

  /// Whether no bit is set that `mask` has not.
  @inline(__always)
  func isWithin(_ mask: RegisterValue) -> Bool {
    high & ~mask.high == 0 && low & ~mask.low == 0
  }

  /// The first byte.
  var byte: UInt8 { UInt8(truncatingIfNeeded: high >> 56) }

  /// The first two bytes, in network order.
  var port: UInt16 { UInt16(truncatingIfNeeded: high >> 48) }

  /// Bytes 2 and 3, in network order.
  var secondPort: UInt16 { UInt16(truncatingIfNeeded: high >> 32) }

  /// The first four bytes, in the machine's order.
  var hostWord: UInt32 { UInt32(bigEndian: UInt32(truncatingIfNeeded: high >> 32)) }

  /// The bytes as an address; those of IPv4 beyond the fourth are lost.
  @inline(__always)
  func address(_ family: IPFamily) -> IPAddress {
    switch family {
    case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: high >> 32))
    case .ipv6: IPAddress(ipv6High: high, low: low)
    }
  }

  func byte(_ index: Int) -> UInt8 {
    let word = index < 8 ? high : low
    return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
  }
}

extension InterfaceSelector {
  /// A name ends with a zero, a prefix doesn't. Nil where other bytes follow a zero.
  init?(_ value: RegisterValue, inverted: Bool) {
    let bytes = (0..<value.count).map { value.byte($0) }
    let name = bytes.prefix { $0 != 0 }
    guard bytes[name.count...].allSatisfy({ $0 == 0 }) else { return nil }
    // This name is no interface's: so iptables stores `! -i +`.
    let isEveryOther = !inverted && bytes.elementsEqual("INVAL/D\0".utf8)
    self.init(
      name: isEveryOther ? [] : name, isPrefix: isEveryOther || name.count == bytes.count,
      isInverted: isEveryOther || inverted)
  }
}

/// What a register is compared with, and how: `cmp` with one value, `range` with two.
struct RegisterComparison {
  enum Relation {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    /// From ``value`` to ``upper``, both included.
    case within, outside
  }

  let register: Register
  let relation: Relation
  let value: RegisterValue
  /// The end of a range; else the value once more.
  let upper: RegisterValue

  /// Whether the register must hold the value, or must not; nil where it is something else.
  var inverted: Bool? {
    switch relation {
    case .equal: false
    case .notEqual: true
    default: nil
    }
  }
}

extension RegisterComparison {
  /// C counterpart: `enum nft_cmp_attributes`.
  @inline(__always)
  init?(comparison data: KernelBytes) {
    var attributes = NetlinkAttributes(data)
    guard let register = Register(attributes.number(of: NFTA_CMP_SREG)),
      let relation = attributes.number(of: NFTA_CMP_OP).flatMap(Self.relation),
      let value = RegisterValue(data: attributes.payload(of: NFTA_CMP_DATA))
    else { return nil }
    self.init(register: register, relation: relation, value: value, upper: value)
  }

  /// C counterpart: `enum nft_range_attributes`.
  init?(range data: KernelBytes) {
    var attributes = NetlinkAttributes(data)
    guard let register = Register(attributes.number(of: NFTA_RANGE_SREG)),
      let operation = attributes.number(of: NFTA_RANGE_OP).map({ nft_range_ops($0) }),
      operation == NFT_RANGE_EQ || operation == NFT_RANGE_NEQ,
      let value = RegisterValue(data: attributes.payload(of: NFTA_RANGE_FROM_DATA)),
      let upper = RegisterValue(data: attributes.payload(of: NFTA_RANGE_TO_DATA)),
      value.count == upper.count
    else { return nil }
    let relation = operation == NFT_RANGE_EQ ? Relation.within : .outside
    self.init(register: register, relation: relation, value: value, upper: upper)
  }

  @inline(__always)
  private static func relation(_ operation: UInt32) -> Relation? {
    switch nft_cmp_ops(operation) {
    case NFT_CMP_EQ: .equal
    case NFT_CMP_NEQ: .notEqual
    case NFT_CMP_LT: .less
    case NFT_CMP_LTE: .lessOrEqual
    case NFT_CMP_GT: .greater
    case NFT_CMP_GTE: .greaterOrEqual
    default: nil
    }
  }
}
