/// A table as one reading found it: the content and, beside it, the counters.
public struct TableSnapshot: Sendable {
  public let content: TableContent
  /// The rules' counters, chain after chain: `content.firstRules` tells where a chain's begin.
  public let counters: [Counter]
  /// The policies' counters, one for each built-in chain, in the order of the chains.
  public let policyCounters: [Counter]
  /// The table's size in the kernel in bytes; nil where the source doesn't know it.
  public let size: Int?
  /// The rules' handles, in the order of the counters: a rule that is written again has a new one.
  /// Empty where the backend has none.
  public let handles: [UInt64]

  public init(
    content: TableContent, counters: [Counter], policyCounters: [Counter], size: Int? = nil,
    handles: [UInt64] = []
  ) {
    precondition(counters.count == content.ruleCount, "a counter for each rule")
    precondition(
      handles.isEmpty || handles.count == counters.count, "a handle for each rule or none")
    precondition(
      policyCounters.count == content.builtInCount, "a policy counter for each built-in chain")
    self.content = content
    self.counters = counters
    self.policyCounters = policyCounters
    self.size = size
    self.handles = handles
  }

  public var family: IPFamily { content.family }
  public var name: TableName { content.name }
}
