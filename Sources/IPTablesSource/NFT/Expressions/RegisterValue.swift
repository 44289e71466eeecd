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
  init?(data: KernelBytes) {
    for attribute in NetlinkAttributes(data)
    where nft_data_attributes(UInt32(attribute.type)) == NFTA_DATA_VALUE {
      self.init(attribute.payload)
      return
    }
    return nil
  }

  @inline(__always)
  private init?(_ bytes: KernelBytes) {
    let count = bytes.count
    guard (1...16).contains(count) else { return nil }
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

  /// The number of bytes before the first zero.
  var textCount: Int {
    var count = 0
    while count < self.count, byte(count) != 0 { count += 1 }
    return count
  }

  /// Whether no other bytes follow the first zero.
  var hasText: Bool { (textCount..<count).allSatisfy { byte($0) == 0 } }

  /// The name "INVAL/D", which stands for no interface: so iptables stores `! -i +`.
  static let impossibleInterface = RegisterValue(
    high: 0x494e_5641_4c2f_4400, low: 0, count: 8)
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

  /// C counterpart: `enum nft_cmp_attributes`.
  @inline(__always)
  init?(comparison data: KernelBytes) {
    var register: Register?
    var relation: Relation?
    var value: RegisterValue?
    for attribute in NetlinkAttributes(data) {
      switch nft_cmp_attributes(UInt32(attribute.type)) {
      case NFTA_CMP_SREG: register = Register(attribute.payload)
      case NFTA_CMP_OP:
        relation = attribute.payload.loadBigEndian(UInt32.self, at: 0).flatMap(Self.relation)
      case NFTA_CMP_DATA: value = RegisterValue(data: attribute.payload)
      default: break
      }
    }
    guard let register, let relation, let value else { return nil }
    self.register = register
    self.relation = relation
    self.value = value
    upper = value
  }

  /// C counterpart: `enum nft_range_attributes`.
  init?(range data: KernelBytes) {
    var register: Register?
    var operation: UInt32?
    var (value, upper): (RegisterValue?, RegisterValue?)
    for attribute in NetlinkAttributes(data) {
      switch nft_range_attributes(UInt32(attribute.type)) {
      case NFTA_RANGE_SREG: register = Register(attribute.payload)
      case NFTA_RANGE_OP: operation = attribute.payload.loadBigEndian(at: 0)
      case NFTA_RANGE_FROM_DATA: value = RegisterValue(data: attribute.payload)
      case NFTA_RANGE_TO_DATA: upper = RegisterValue(data: attribute.payload)
      default: break
      }
    }
    guard let register, let operation, let value, let upper, value.count == upper.count
    else { return nil }
    switch nft_range_ops(operation) {
    case NFT_RANGE_EQ: relation = .within
    case NFT_RANGE_NEQ: relation = .outside
    default: return nil
    }
    self.register = register
    self.value = value
    self.upper = upper
  }

  /// Whether the register must hold the value, or must not; nil where it is something else.
  var inverted: Bool? {
    switch relation {
    case .equal: false
    case .notEqual: true
    default: nil
    }
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
