/// A chain of a table: its name, its policy where it is built in, and its rules; no counters.
public struct Chain: Sendable, Hashable {
  public let name: ChainName
  /// The policy of a built-in chain; nil for a user's.
  public let policy: Verdict?
  public let rules: RuleList

  public init(name: ChainName, policy: Verdict? = nil, rules: RuleList = RuleList()) {
    self.name = name
    self.policy = policy
    self.rules = rules
  }

  public var isBuiltIn: Bool { policy != nil }

  /// The same chain with another policy.
  public func withPolicy(_ policy: Verdict?) -> Chain {
    Chain(name: name, policy: policy, rules: rules)
  }
}
