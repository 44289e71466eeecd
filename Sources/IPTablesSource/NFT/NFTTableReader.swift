internal import Netfilter
internal import Platform

/// Reads one table again and again. It remembers what it read, and reads again only what the kernel
/// announced as changed.
final class NFTTableReader {
  private let family: IPFamily
  private let table: TableName
  private let hasher = ContentHasher()
  private let sets: SetNames
  private var chains = NFTChainList()
  private var content: TableContent
  private var run = NFTRuleRun()
  /// A table that is made again numbers its rules anew.
  private var tableHandle: UInt64 = 0
  /// The rules that translate the destination; nil until somebody wants them.
  private var connectionRules: ConnectionRules?
  /// The greatest handle that a chain ever had. A new chain has a greater one.
  private var greatestHandle: UInt64 = 0

  private struct ConnectionRules {
    var addresses: [NFTConnection.RuleAddress] = []
    /// For each of them, where it stands among the rules of all chains.
    var positions: [Int] = []
  }

  init(family: IPFamily, table: TableName, sets: SetNames) {
    self.family = family
    self.table = table
    self.sets = sets
    content = TableContent(family: family, name: table, chains: [])
  }

  var snapshot: TableSnapshot {
    TableSnapshot(
      content: content, counters: run.counters,
      policyCounters: chains.chains.prefix(content.builtInCount).map(\.counter),
      handles: run.handles)
  }

  /// Reads all rules of the table.
  ///
  /// - Parameters:
  ///   - chains: all of its chains, in any order.
  ///   - handle: the table's own.
  func readAll(
    _ chains: [NFTChain], handle: UInt64, _ connections: [NFTConnection]
  ) throws(NFTError) {
    tableHandle = handle
    try read(NFTChainList(chains), only: nil, connections)
  }

  /// Reads what changed.
  ///
  /// - Returns: false where the announcements don't say enough, and the caller must read everything.
  func read(
    _ changes: NFTChanges.Table, _ connections: [NFTConnection]
  ) throws(NFTError) -> Bool {
    if changes.isWhole { return false }
    if changes.chains.values.contains(where: { $0.map(isRenamed) ?? false }) { return false }
    var chains = self.chains
    chains.update(changes.chains)
    try read(chains, only: changes.rules.union(changes.chains.keys), connections)
    return true
  }

  /// Reads what changed, and the chains of a list that the last list didn't have.
  ///
  /// - Parameters:
  ///   - list: all of the table's chains, in any order.
  ///   - handle: the table's own.
  /// - Returns: false where the announcements don't say enough, and the caller must read everything.
  func read(
    _ changes: NFTChanges.Table, in list: [NFTChain], handle: UInt64,
    _ connections: [NFTConnection]
  ) throws(NFTError) -> Bool {
    if changes.isWhole || handle != tableHandle { return false }
    let list = NFTChainList(list)
    let formerPositions = list.positions(in: chains)
    var names = changes.rules.union(changes.chains.keys)
    for (chain, position) in zip(list.chains, formerPositions) {
      if let position, chains.chains[position].handle == chain.handle { continue }
      if isRenamed(chain) { return false }
      names.insert(chain.name)
    }
    try read(list, only: names, connections)
    return true
  }

  /// Whether the chain is as old as an earlier reading, but has a name that this reading didn't know. The
  /// kernel announces no change of the rules that lead to it, and their text has changed.
  private func isRenamed(_ chain: NFTChain) -> Bool {
    chain.handle <= greatestHandle && chains.position(of: chain.name) == nil
  }

  /// Reads the counters of the built-in chains' policies.
  func readPolicyCounters(_ connection: NFTConnection) throws(NFTError) {
    for index in 0..<content.builtInCount {
      let name = chains.chains[index].kernelName
      guard let now = try connection.chain(name, in: table, family) else { throw .notFound }
      chains.setCounter(now.counter, at: index)
    }
  }

  /// Reads the counters of the rules that translate the destination.
  ///
  /// - Throws: ``NFTError/notFound`` where one of them is gone.
  func readConnectionCounters(_ connections: [NFTConnection]) throws(NFTError) {
    let connectionRules = self.connectionRules ?? rulesThatTranslate()
    self.connectionRules = connectionRules
    let (table, family) = (table, family)
    let counters = try Self.inBlocks(of: 1024, connectionRules.addresses, connections, { $0 }) {
      (block, connection) throws(NFTError) in
      var counters = [Counter](repeating: Counter(), count: block.count)
      try connection.forEachRule(at: block, in: table, family) { index, rule in
        counters[index - block.startIndex] =
          ExpressionWriter.counter(of: rule.expressions) ?? Counter()
      }
      return counters
    }
    for (position, counter) in zip(connectionRules.positions, counters.joined()) {
      run.counters[position] = counter
    }
  }

  /// Reads the counters of all rules.
  ///
  /// It asks for whole chains. To find a rule by its handle, the kernel walks through the rules before it,
  /// so that asking for each rule of a long chain would take the square of its length.
  ///
  /// - Throws: ``NFTError/notFound`` where a chain holds other rules than before.
  func readRuleCounters(_ connections: [NFTConnection]) throws(NFTError) {
    let orders = chains.chains.indices.compactMap { index in
      let rules = content.ruleRange(of: index)
      return rules.isEmpty ? nil : (name: chains.chains[index].kernelName, rules: rules)
    }
    let (table, family, handles) = (table, family, run.handles)
    let counters = try Self.inBlocks(of: 256, orders, connections, { $0 }) {
      (block, connection) throws(NFTError) in
      var counters: [Counter] = []
      for order in block {
        var position = order.rules.lowerBound
        var isSame = true
        try connection.forEachRule(of: order.name, in: table, family) { rule in
          isSame =
            isSame && position < order.rules.upperBound
            && NFTRuleHandle.rule(of: handles[position]) == rule.handle
          counters.append(ExpressionWriter.counter(of: rule.expressions) ?? Counter())
          position += 1
        }
        guard isSame, position == order.rules.upperBound else { throw .notFound }
      }
      return counters
    }
    // Chains without rules have none to leave out.
    run.counters = Array(counters.joined())
  }

  // MARK: Reading

  /// Reads the rules of the named chains, or of all chains. The other chains keep their rules.
  private func read(
    _ list: NFTChainList, only names: Set<ChainName>?, _ connections: [NFTConnection]
  ) throws(NFTError) {
    let chains = list.chains
    let formerPositions = list.positions(in: self.chains)
    let wanted =
      names.map { $0.compactMap { list.position(of: $0) }.sorted() } ?? Array(chains.indices)
    let orders = wanted.map { order(for: chains[$0], formerly: formerPositions[$0]) }
    let (family, table, tableHandle, hasher, sets) = (family, table, tableHandle, hasher, sets)
    let results = try Self.inBlocks(of: 256, orders, connections) { connection in
      NFTChainReader(
        family: family, table: table, tableHandle: tableHandle, hasher: hasher, sets: sets,
        connection: connection)
    } _: {
      (block, reader) throws(NFTError) in
      try reader.read(block)
    }
    var assembly = NFTTableAssembly(
      content, run, chainCount: chains.count,
      ruleCount: results.reduce(0) { $0 + $1.run.count })
    var read = results.indices.lazy
      .flatMap { result in results[result].chains.lazy.map { (result, $0) } }.makeIterator()
    var unread = wanted[...]
    for (index, chain) in chains.enumerated() {
      if unread.first == index, let (result, found) = read.next() {
        unread.removeFirst()
        assembly.append(
          chain, found.rules, results[result].run, found.range, formerly: formerPositions[index])
      } else if let position = formerPositions[index] {
        assembly.append(chain, formerly: position)
      }
    }
    (content, run) = assembly.finish()
    self.chains = list
    greatestHandle = chains.reduce(greatestHandle) { max($0, $1.handle) }
    connectionRules = nil
  }

  private func rulesThatTranslate() -> ConnectionRules {
    var rules = ConnectionRules()
    var chain = 0
    for position in run.translates.indices where run.translates[position] {
      while content.firstRules[chain + 1] <= position { chain += 1 }
      // A chain that iptables can't have made is no endpoint's, and has another name for the kernel.
      guard chains.chains[chain].longName == nil else { continue }
      let handle = NFTRuleHandle.rule(of: run.handles[position])
      rules.addresses.append(.init(chain: content.chains[chain].name, handle: handle))
      rules.positions.append(position)
    }
    return rules
  }

  /// Does the work block by block, on as many processors as there are connections.
  private static func inBlocks<Item: Sendable, Value: Sendable, Worker>(
    of size: Int, _ items: [Item], _ connections: [NFTConnection],
    _ makeWorker: @Sendable (NFTConnection) -> Worker,
    _ body: @Sendable (ArraySlice<Item>, inout Worker) throws(NFTError) -> Value
  ) throws(NFTError) -> [Value] {
    let blocks = (items.count + size - 1) / size
    let results = Parallel.map(count: blocks, workers: connections.count) {
      makeWorker(connections[$0])
    } _: { block, worker in
      Result { () throws(NFTError) in
        try body(items[block * size..<min(items.count, (block + 1) * size)], &worker)
      }
    }
    return try results.map { result throws(NFTError) in try result.get() }
  }

  private func order(for chain: NFTChain, formerly position: Int?) -> NFTChainReader.Order {
    guard let position else {
      return NFTChainReader.Order(kernelName: chain.kernelName, known: nil, translates: [])
    }
    return NFTChainReader.Order(
      kernelName: chain.kernelName, known: KnownRules(content, run.digests, at: position),
      translates: run.translates[content.ruleRange(of: position)])
  }
}
