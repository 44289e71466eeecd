private import CNFTables
internal import Netfilter

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
