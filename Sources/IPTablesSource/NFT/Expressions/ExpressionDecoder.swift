internal import Netfilter

/// Decodes a rule from the expressions that iptables-nft stored.
///
/// Never fails: expressions that iptables doesn't write, and what can't be told in its terms, are
/// kept as ``Unrecognised``; bytes that end too early are a rule that ends there.
struct ExpressionDecoder {
  private let family: IPFamily

  init(_ family: IPFamily) { self.family = family }

  /// The rule as iptables would print it.
  ///
  /// - Parameters:
  ///   - expressions: The payload of `NFTA_RULE_EXPRESSIONS`.
  ///   - userData: The payload of `NFTA_RULE_USERDATA`.
  func rule(_ expressions: KernelBytes, userData: KernelBytes?) -> DecodedRule {
    var builder = RuleBuilder(family: family)
    for expression in RuleExpressions(expressions) { Self.take(expression, into: &builder) }
    return builder.finish(userData: userData)
  }

  @inline(__always)
  private static func take(_ expression: RuleExpression, into builder: inout RuleBuilder) {
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
    case .match: builder.takeMatch(expression)
    case .target: builder.takeTarget(expression)
    case .limit: builder.takeLimit(expression)
    case .log: builder.takeLog(expression)
    case .other: builder.keep(expression)
    }
  }
}
