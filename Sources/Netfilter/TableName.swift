/// One of iptables' five tables.
public enum TableName: String, Sendable, Hashable, CaseIterable, Comparable {
  case nat
  case filter
  case mangle
  case raw
  case security

  public static func < (left: TableName, right: TableName) -> Bool {
    left.rawValue < right.rawValue
  }
}
