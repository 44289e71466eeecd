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

/// The chains of a table as libiptc orders them: built-in ones first, in the order of their hooks, then
/// the others by name.
struct NFTChainList {
  private(set) var chains: [NFTChain]

  init(_ chains: [NFTChain] = []) { self.chains = chains.sorted(by: Self.precedes) }

  /// Where a chain stands; nil where there is none of that name.
  func position(of name: ChainName) -> Int? {
    let index = (builtInCount..<chains.count).partitionPoint { chains[$0].name < name }
    if index < chains.count, chains[index].name == name { return index }
    return chains[..<builtInCount].firstIndex { $0.name == name }
  }

  /// The chains that hang on a hook, of which there are a handful.
  private var builtInCount: Int { chains.prefix { $0.hook != nil }.count }

  /// Puts chains in the place of those of their names, or where they belong; takes those out that are
  /// nil.
  mutating func update(_ changes: [ChainName: NFTChain?]) {
    if changes.isEmpty { return }
    let gone = changes.keys.compactMap { position(of: $0) }.sorted()
    let arrivals = changes.values.compactMap(\.self).sorted(by: Self.precedes)
    var merged: [NFTChain] = []
    merged.reserveCapacity(chains.count + arrivals.count)
    var (nextGone, nextArrival) = (gone[...], arrivals[...])
    for (index, chain) in chains.enumerated() {
      if nextGone.first == index {
        nextGone.removeFirst()
        continue
      }
      while let arrival = nextArrival.first, Self.precedes(arrival, chain) {
        merged.append(nextArrival.removeFirst())
      }
      merged.append(chain)
    }
    chains = merged + nextArrival
  }

  mutating func setCounter(_ counter: Counter, at position: Int) {
    chains[position].counter = counter
  }

  /// For each chain, where another list has it; nil where it doesn't.
  func positions(in other: NFTChainList) -> [Int?] {
    var position = 0
    return chains.map { chain in
      while position < other.chains.count, Self.precedes(other.chains[position], chain) {
        position += 1
      }
      guard position < other.chains.count, other.chains[position].name == chain.name else {
        return nil
      }
      return position
    }
  }

  private static func precedes(_ left: NFTChain, _ right: NFTChain) -> Bool {
    // A user's chain hangs on no hook, and so comes last.
    if left.hook != nil || right.hook != nil {
      return (left.hook ?? .max, left.name) < (right.hook ?? .max, right.name)
    }
    return left.name < right.name
  }
}
