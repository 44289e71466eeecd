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

/// A tcp, udp or sctp match whose parts iptables stored as comparisons, each on its own.
struct TransportMatch {
  /// In the order in which iptables writes them.
  enum Part: Int {
    case flags, source, destination
  }

  private enum Kind: UInt8 {
    case tcp = 6
    case udp = 17
    case sctp = 132
  }

  private let kind: Kind
  private var source = PortRange.any
  private var destination = PortRange.any
  /// The flags of TCP that are looked at, and those of them that must be set.
  private var flags: (mask: UInt8, set: UInt8, isInverted: Bool) = (0, 0, false)
  /// The last part given.
  private(set) var last: Part

  /// Nil where iptables has no such match for the protocol.
  @inline(__always)
  init?(_ part: Part, of number: UInt8?) {
    guard let number, let kind = Kind(rawValue: number), part != .flags || kind == .tcp else {
      return nil
    }
    self.kind = kind
    last = part
  }

  /// Whether a part that follows may be of the same match.
  func canTake(_ part: Part) -> Bool { part.rawValue > last.rawValue }

  mutating func setFlags(mask: UInt8, set: UInt8, inverted: Bool) {
    flags = (mask, set, inverted)
  }

  @inline(__always)
  mutating func setPorts(_ part: Part, _ ports: PortRange) {
    if part == .source { source = ports } else { destination = ports }
    last = part
  }

  /// The ports of the part.
  func ports(_ part: Part) -> PortRange { part == .source ? source : destination }

  var name: StaticString {
    switch kind {
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    }
  }

  /// The struct of x_tables: `struct xt_tcp`, `xt_udp`, `xt_sctp_info`.
  var info: StructBytes {
    var info = StructBytes(capacity: 16)
    let inversions: UInt8 = (source.inverted ? 1 : 0) | (destination.inverted ? 2 : 0)
    for ports in kind == .sctp ? [destination, source] : [source, destination] {
      info.append(ports.first)
      info.append(ports.last)
    }
    switch kind {
    case .tcp:
      info.append(UInt8(0))
      info.append(flags.mask)
      info.append(flags.set)
      info.append(inversions | (flags.isInverted ? 4 : 0))
    case .udp:
      info.append(inversions)
      info.pad(to: 10)
    case .sctp:
      info.pad(to: 284)
      info.append(UInt32(source == .any ? 0 : 1) | (destination == .any ? 0 : 2))
      info.append(UInt32(inversions))
    }
    return info
  }
}

/// A range of ports, both ends included; the default is every port, which restricts nothing.
struct PortRange: Equatable {
  var first: UInt16 = 0
  var last: UInt16 = .max
  var inverted = false

  static let any = PortRange()
}
