private import CNFTables
internal import Netfilter

/// One expression of a rule: its name, and the attributes that are its own.
///
/// C counterpart: `enum nft_expr_attributes`.
struct RuleExpression {
  /// The expressions that iptables writes.
  enum Kind {
    case bitwise, comparison, counter, immediate, limit, log, match, meta, payload, range, target
    case other
  }

  let kind: Kind
  /// With the zero that ends it.
  let name: KernelBytes
  let data: KernelBytes

  /// Takes the payload of an element of the rule's list; what is missing in it is empty.
  @inline(__always)
  init(_ element: KernelBytes) {
    var attributes = NetlinkAttributes(element)
    name = attributes.payload(of: NFTA_EXPR_NAME) ?? .empty
    data = attributes.payload(of: NFTA_EXPR_DATA) ?? .empty
    kind = Self.kind(name)
  }

  /// Whether it does what targets do, and iptables never writes it.
  var isStatement: Bool {
    kind == .log || (kind == .other && Self.statements.contains(name.string))
  }

  private static let statements: Set<String> = [
    "dup", "fwd", "masq", "nat", "notrack", "queue", "redir", "reject", "synproxy", "tproxy",
  ]

  /// Whether it is nf_tables' `dnat to`.
  ///
  /// C counterparts: `enum nft_nat_attributes`, `nft_nat_types`.
  var translatesDestination: Bool {
    guard kind == .other, name.string == "nat" else { return false }
    var attributes = NetlinkAttributes(data)
    return attributes.number(of: NFTA_NAT_TYPE) == NFT_NAT_DNAT.rawValue
  }

  /// Compares names as integers: there are a dozen expressions in a rule.
  @inline(__always)
  private static func kind(_ name: KernelBytes) -> Kind {
    switch name.leadingWord {
    case 0x636d_7000_0000_0000: .comparison  // "cmp"
    case 0x7061_796c_6f61_6400: .payload  // "payload"
    case 0x6d65_7461_0000_0000: .meta  // "meta"
    case 0x6d61_7463_6800_0000: .match  // "match"
    case 0x636f_756e_7465_7200: .counter  // "counter"
    case 0x696d_6d65_6469_6174: name.count == 10 ? .immediate : .other  // "immediat", "e"
    case 0x7461_7267_6574_0000: .target  // "target"
    case 0x6269_7477_6973_6500: .bitwise  // "bitwise"
    case 0x7261_6e67_6500_0000: .range  // "range"
    case 0x6c69_6d69_7400_0000: .limit  // "limit"
    case 0x6c6f_6700_0000_0000: .log  // "log"
    default: .other
    }
  }
}

extension ExpressionWriter {
  /// The rule's counter; nil where it has none.
  static func counter(of expressions: KernelBytes) -> Counter? {
    for element in NetlinkAttributes(expressions) {
      let expression = RuleExpression(element.payload)
      if expression.kind == .counter { return Counter(netlink: expression.data) }
    }
    return nil
  }

  /// A digest of all that stands in a rule but the values of its counters.
  static func digest(
    of expressions: KernelBytes, userData: KernelBytes?, hasher: ContentHasher
  ) -> ContentDigest {
    var hasher = hasher
    var start = 0
    var end = 0
    for element in NetlinkAttributes(expressions) {
      let next = end + (element.payload.count + 7) & ~3
      if RuleExpression(element.payload).kind == .counter {
        expressions.combine(start..<end, into: &hasher)
        start = next
      }
      end = next
    }
    expressions.combine(min(start, expressions.count)..<expressions.count, into: &hasher)
    if let userData { userData.combine(0..<userData.count, into: &hasher) }
    return hasher.finish()
  }
}
