/// The nf_tables transactions that were announced while somebody listened.
public struct TransactionCounts: Sendable, Hashable {
  /// By the name of the committing process, `other` for those that came when there were many.
  public var byProcess: [String: UInt64]
  /// How often announcements were lost because they came faster than they were taken.
  public var overruns: UInt64

  public init(byProcess: [String: UInt64] = [:], overruns: UInt64 = 0) {
    self.byProcess = byProcess
    self.overruns = overruns
  }
}
