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
