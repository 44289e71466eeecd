public import Netfilter

/// A table that only one side has, so that nothing can be said of it: a file may hold some tables only.
public struct UncomparedTable: Sendable, Hashable {
  public enum Side: String, Sendable, Hashable {
    case old = "before"
    case new = "after"
  }

  public let family: IPFamily
  public let table: TableName
  /// The side that doesn't have it.
  public let missing: Side
}
