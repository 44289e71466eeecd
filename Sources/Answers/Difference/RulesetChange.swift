public import Netfilter

/// One thing that differs: a rule, a chain, or a policy.
public struct RulesetChange: Sendable, Hashable {
  /// What happened. Positions of rules in their chain are counted as iptables does, from 1.
  public enum Event: Sendable, Hashable {
    case chainAdded
    case chainRemoved
    case policyChanged(from: Verdict, to: Verdict)
    case ruleAdded(at: Int)
    case ruleRemoved(from: Int)
    case ruleMoved(from: Int, to: Int)
    /// Written again as it was: nf_tables gave it a new handle.
    case ruleRewritten(from: Int, to: Int)
  }

  public let family: IPFamily
  public let table: TableName
  public let chain: ChainName
  public let event: Event
  /// As iptables-save writes it, without counters: `-A CHAIN …` of a rule, `:CHAIN POLICY` of a chain,
  /// `-` standing for no policy.
  public let text: [UInt8]
}
