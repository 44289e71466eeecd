internal import KubeProxy
internal import Netfilter

/// One rule that was added, removed or moved between two readings.
struct RuleChange: Sendable {
  /// What happened; positions are counted from 0.
  enum Kind: Sendable, Hashable {
    case added(at: Int)
    case removed(from: Int)
    case moved(from: Int, to: Int)
  }

  let kind: Kind
  let family: IPFamily
  let table: TableName
  let chain: ChainName
  /// Whose the rule is; nil where it belongs to no service port.
  let owner: ServicePort?
  let rule: Rule
}
