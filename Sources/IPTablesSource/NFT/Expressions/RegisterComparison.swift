private import CNFTables

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
