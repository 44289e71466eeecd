private import CNFTables
internal import Netfilter
internal import XTables

/// Writes rules' lines from the expressions that iptables-nft stored.
///
/// Never fails: expressions that iptables doesn't write, and what can't be told in its terms, are
/// written as unrecognised; bytes that end too early are a rule that ends there.
struct ExpressionWriter {
  private var builder: RuleBuilder
  /// Whether the rule that was written last translates the destination.
  private(set) var translatesDestination = false

  init(_ family: IPFamily, _ xtables: XTables) {
    builder = RuleBuilder(family, xtables)
  }

  /// The rule as iptables-save would print it behind `-A CHAIN `.
  ///
  /// - Parameters:
  ///   - expressions: The payload of `NFTA_RULE_EXPRESSIONS`.
  ///   - userData: The payload of `NFTA_RULE_USERDATA`.
  mutating func line(of expressions: KernelBytes, userData: KernelBytes?) -> ArraySlice<UInt8> {
    builder.removeAll()
    translatesDestination = false
    for expression in RuleExpressions(expressions) { take(expression) }
    return builder.finish(comment: userData.flatMap(Self.comment))
  }

  @inline(__always)
  private mutating func take(_ expression: RuleExpression) {
    switch expression.kind {
    case .payload:
      guard let loaded = RegisterContent(payload: expression) else {
        return builder.keep(expression)
      }
      builder.flushContent()
      builder.content = loaded
    case .meta: builder.takeMeta(expression)
    case .bitwise:
      guard builder.content?.apply(bitwise: expression) == true else {
        return builder.keep(expression)
      }
    case .comparison:
      guard let comparison = RegisterComparison(comparison: expression.data),
        builder.compare(comparison)
      else { return builder.keep(expression) }
    case .range:
      guard let comparison = RegisterComparison(range: expression.data),
        builder.compare(comparison)
      else { return builder.keep(expression) }
    case .counter: break
    case .immediate: builder.takeImmediate(expression)
    case .match: builder.takeExtension(expression)
    case .target: translatesDestination = builder.takeExtension(expression)
    case .limit: builder.takeLimit(expression)
    case .log: builder.takeLog(expression)
    case .other: builder.keep(expression)
    }
  }

  /// The comment in a rule's user data, where iptables up to 1.8.2 and nft put it: a list of type,
  /// length and value, with a byte for either of the first. Nil where there is none.
  ///
  /// C counterpart: `struct nftnl_udata`, `UDATA_TYPE_COMMENT`.
  private static func comment(in userData: KernelBytes) -> KernelBytes? {
    var offset = 0
    while let type = userData.load(UInt8.self, at: offset),
      let length = userData.load(UInt8.self, at: offset + 1).map(Int.init)
    {
      if type == 0 { return userData.slice(at: offset + 2, count: length)?.text }
      offset += 2 + length
    }
    return nil
  }
}

extension ExpressionWriter {
  /// The rule's counter; nil where it has none.
  ///
  /// C counterpart: `enum nft_counter_attributes`.
  static func counter(of expressions: KernelBytes) -> Counter? {
    for expression in RuleExpressions(expressions) where expression.kind == .counter {
      var counter = Counter()
      for attribute in NetlinkAttributes(expression.data) {
        switch nft_counter_attributes(UInt32(attribute.type)) {
        case NFTA_COUNTER_PACKETS: counter.packets = attribute.payload.loadBigEndian(at: 0) ?? 0
        case NFTA_COUNTER_BYTES: counter.bytes = attribute.payload.loadBigEndian(at: 0) ?? 0
        default: break
        }
      }
      return counter
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
