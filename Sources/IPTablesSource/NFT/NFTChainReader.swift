internal import Netfilter
internal import Platform
private import XTables

/// Reads the rules of chains over a connection, one chain after the other.
struct NFTChainReader {
  let table: TableName
  let tableHandle: UInt64
  let hasher: ContentHasher
  let connection: NFTConnection
  private var writer: ExpressionWriter
  /// Those of the chain that is being read.
  private var rules = RuleList()

  init(
    family: IPFamily, table: TableName, tableHandle: UInt64, hasher: ContentHasher, sets: SetNames,
    connection: NFTConnection
  ) {
    self.table = table
    self.tableHandle = tableHandle
    self.hasher = hasher
    self.connection = connection
    writer = ExpressionWriter(family, XTables { sets.name(of: $0) })
  }

  /// A chain to be read.
  struct Order: Sendable {
    let kernelName: [UInt8]
    /// What the last reading knew of its rules.
    let known: KnownRules?
    /// Whether each of those translates the destination.
    let translates: ArraySlice<Bool>
  }

  /// What was read of chains, chain after chain.
  struct Result: Sendable {
    /// Each chain's rules, and where they stand in ``run``.
    fileprivate(set) var chains: [(rules: RuleList, range: Range<Int>)] = []
    fileprivate(set) var run = NFTRuleRun()
  }

  /// Reads the chains; of those that are gone, no rules.
  mutating func read(_ orders: ArraySlice<Order>) throws(NFTError) -> Result {
    var result = Result()
    result.chains.reserveCapacity(orders.count)
    result.run.reserveCapacity(orders.count * 3)
    for order in orders {
      let first = result.run.count
      let rules = try read(order, into: &result.run)
      result.chains.append((rules, first..<result.run.count))
    }
    return result
  }

  /// Reads a chain's rules: those that the last reading knew come as they are, the others
  /// written anew. Where nothing differs, the last reading's rules themselves.
  private mutating func read(
    _ order: Order, into run: inout NFTRuleRun
  ) throws(NFTError) -> RuleList {
    var known = order.known
    rules.removeAll()
    var isUnchanged = known != nil
    try connection.forEachRule(of: order.kernelName, in: table, writer.family) { rule in
      let digest = ExpressionWriter.digest(
        of: rule.expressions, userData: rule.userData, hasher: hasher)
      run.digests.append(digest)
      run.handles.append(NFTRuleHandle.unique(table: tableHandle, rule: rule.handle))
      run.counters.append(ExpressionWriter.counter(of: rule.expressions) ?? Counter())
      if let position = known?.position(of: digest, near: rules.count), let known {
        isUnchanged = isUnchanged && position == rules.count
        rules.append(line: known.rules.line(at: position))
        run.translates.append(order.translates[order.translates.startIndex + position])
      } else {
        isUnchanged = false
        rules.append(line: writer.line(of: rule.expressions, userData: rule.userData))
        run.translates.append(writer.translatesDestination)
      }
    }
    if isUnchanged, let known, known.rules.count == rules.count { return known.rules }
    return rules.trimmed
  }
}
