public import Netfilter

/// Which rules have series of their own, where rules have any.
public struct RuleSelection: Sendable {
  /// Only rules with a comment that matches; what the first group captures, if there is one, is the
  /// label `id`.
  public var comment: ServiceSelection.Pattern?
  /// Only rules of these tables; nil for all that are read.
  public var tables: Set<TableName>?
  /// Only rules of chains whose name matches.
  public var chain: ServiceSelection.Pattern?
  /// At most so many series of each address family in each backend; nil for all.
  public var limit: Int?

  public init(
    comment: ServiceSelection.Pattern? = nil, tables: Set<TableName>? = nil,
    chain: ServiceSelection.Pattern? = nil, limit: Int? = nil
  ) {
    self.comment = comment
    self.tables = tables
    self.chain = chain
    self.limit = limit
  }
}
