private import CNFTables

/// A register of nf_tables, by where it begins in units of four bytes: the old numbers name 16
/// bytes, the new ones four.
///
/// C counterpart: `enum nft_registers`.
struct Register: Equatable {
  private let unit: UInt32

  /// Nil where the number is that of verdicts, or none.
  @inline(__always)
  init?(_ number: UInt32?) {
    guard let number else { return nil }
    switch number {
    case NFT_REG_1.rawValue...NFT_REG_4.rawValue: unit = (number - NFT_REG_1.rawValue) * 4
    case NFT_REG32_00.rawValue...NFT_REG32_15.rawValue: unit = number - NFT_REG32_00.rawValue
    default: return nil
    }
  }
}

/// What the last load put into a register, and what was done to it there.
struct RegisterContent {
  enum Source {
    /// Bytes of the network or of the transport header.
    case network(offset: UInt32, count: UInt32)
    case transport(offset: UInt32, count: UInt32)
    /// `NFT_META_…`.
    case meta(key: UInt32)
    case value(RegisterValue)
  }

  let source: Source
  private(set) var register: Register
  let load: RuleExpression
  /// What was cleared and flipped in it, by one expression.
  private(set) var mask: RegisterValue?
  private(set) var flipped: RegisterValue?
  private(set) var bitwise: RuleExpression?
  /// Whether a match says what it was loaded for.
  var isUsed = false

  /// Whether it is the name of the packet's interface, as it was loaded.
  var isInterfaceName: Bool {
    guard case .meta(let key) = source, bitwise == nil else { return false }
    return nft_meta_keys(key) == NFT_META_IIFNAME || nft_meta_keys(key) == NFT_META_OIFNAME
  }

  /// Applies a bitwise expression. False where it is another register's, or follows another bitwise
  /// expression.
  ///
  /// C counterpart: `enum nft_bitwise_attributes`.
  mutating func apply(bitwise expression: RuleExpression) -> Bool {
    var attributes = NetlinkAttributes(expression.data)
    guard !isUsed, bitwise == nil, Register(attributes.number(of: NFTA_BITWISE_SREG)) == register,
      let to = Register(attributes.number(of: NFTA_BITWISE_DREG)),
      attributes.number(of: NFTA_BITWISE_OP) ?? Self.maskAndXOR == Self.maskAndXOR,
      let mask = RegisterValue(data: attributes.payload(of: NFTA_BITWISE_MASK)),
      let flipped = RegisterValue(data: attributes.payload(of: NFTA_BITWISE_XOR)),
      mask.count == flipped.count
    else { return false }
    self.mask = mask
    self.flipped = flipped
    bitwise = expression
    register = to
    return true
  }

  /// The operation with a mask and a value to flip bits with, which headers have under two names.
  private static let maskAndXOR: UInt32 = 0
}

extension RegisterContent {
  /// Nil where the expression doesn't load, or loads what iptables never does.
  ///
  /// C counterpart: `enum nft_payload_attributes`.
  @inline(__always)
  init?(payload expression: RuleExpression) {
    var attributes = NetlinkAttributes(expression.data)
    guard let register = Register(attributes.number(of: NFTA_PAYLOAD_DREG)),
      let base: UInt32 = attributes.number(of: NFTA_PAYLOAD_BASE),
      let offset: UInt32 = attributes.number(of: NFTA_PAYLOAD_OFFSET),
      let count: UInt32 = attributes.number(of: NFTA_PAYLOAD_LEN)
    else { return nil }
    let source: Source
    switch nft_payload_bases(base) {
    case NFT_PAYLOAD_NETWORK_HEADER: source = .network(offset: offset, count: count)
    case NFT_PAYLOAD_TRANSPORT_HEADER: source = .transport(offset: offset, count: count)
    default: return nil
    }
    self.init(source: source, register: register, load: expression)
  }

  /// Nil where the expression doesn't load.
  ///
  /// C counterpart: `enum nft_meta_attributes`.
  @inline(__always)
  init?(meta expression: RuleExpression) {
    var attributes = NetlinkAttributes(expression.data)
    guard let key: UInt32 = attributes.number(of: NFTA_META_KEY),
      let register = Register(attributes.number(of: NFTA_META_DREG))
    else { return nil }
    self.init(source: .meta(key: key), register: register, load: expression)
  }
}
