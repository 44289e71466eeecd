public import Netfilter

/// What one reading came to.
public struct RulesetReading: Sendable {
  /// Sorted by backend and family, each at most once.
  public let families: [FamilyReading]
  /// The counters of this moment that it has beyond those that were asked for.
  public let counters: CounterSelection
  /// Which backend is followed; nil where the source doesn't choose, as one of files.
  public let choice: BackendChoice?
  /// What else is known of the node.
  public let node: NodeEvidence
  /// What nf_tables announced since the source exists; nil where nobody listens.
  public let transactions: TransactionCounts?

  public init(
    families: [FamilyReading], counters: CounterSelection = [], choice: BackendChoice? = nil,
    node: NodeEvidence = NodeEvidence(), transactions: TransactionCounts? = nil
  ) {
    self.families = families
    self.counters = counters
    self.choice = choice
    self.node = node
    self.transactions = transactions
  }
}
