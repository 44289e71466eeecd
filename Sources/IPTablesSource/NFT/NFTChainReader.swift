internal import Netfilter
internal import Platform

/// Reads the rules of chains, one chain after the other.
struct NFTChainReader {
  let family: IPFamily
  let table: TableName
  let tableHandle: UInt64
  let hasher: ContentHasher
  let sets: SetNames

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
    fileprivate(set) var rules: [RuleList] = []
    fileprivate(set) var run = NFTRuleRun()
  }

  /// Reads the chains; of those that are gone, no rules.
  func read(
    _ orders: ArraySlice<Order>, _ connection: NFTConnection
  ) throws(NFTError) -> Result {
    var result = Result()
    result.rules.reserveCapacity(orders.count)
    result.run.reserveCapacity(orders.count * 3)
    for order in orders {
      result.rules.append(try read(order, connection, into: &result.run))
    }
    return result
  }

  /// Reads a chain's rules: those that the last reading knew come as they are, the others
  /// written anew. Where nothing differs, the last reading's rules themselves.
  private func read(
    _ order: Order, _ connection: NFTConnection, into run: inout NFTRuleRun
  ) throws(NFTError) -> RuleList {
    var writer = ExpressionWriter(family, sets: sets)
    var known = order.known
    var rules = RuleList()
    var isUnchanged = known != nil
    try connection.forEachRule(of: order.kernelName, in: table, family) { rule in
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
    rules.trim()
    return rules
  }
}
