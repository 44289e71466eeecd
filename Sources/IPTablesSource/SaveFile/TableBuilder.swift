internal import Netfilter

/// Collects the chains and rules of one table.
struct TableBuilder {
  let family: IPFamily
  let name: TableName
  private var chains: [ChainUnderConstruction] = []
  private var positions: [ChainName: Int] = [:]

  private struct ChainUnderConstruction {
    let name: ChainName
    var policy: Verdict?
    var policyCounter = Counter()
    /// Whether no line declares it.
    var isImplied = false
    var rules = RuleList()
    var counters: [Counter] = []
  }

  init(family: IPFamily, name: TableName) {
    self.family = family
    self.name = name
  }

  func hasChain(_ name: ChainName) -> Bool { positions[name] != nil }

  /// Takes `:INPUT ACCEPT [12:345]`, or `:NAME -` of a user's chain.
  mutating func declareChain(_ line: ArraySlice<UInt8>) throws(Malformation) {
    var cursor = WordCursor(try LineTokenizer.words(of: line.dropFirst()))
    guard let word = cursor.next() else { throw Malformation("a chain without a name") }
    let name = try word.chainName()
    guard let policyWord = cursor.next() else { throw Malformation("a chain without a policy") }
    var policy: Verdict?
    if policyWord.text != "-" {
      guard let verdict = Verdict(name: policyWord.text) else { throw policyWord.isNot("a policy") }
      policy = verdict
    }
    let counter = try cursor.next()?.counter() ?? Counter()
    guard cursor.isAtEnd else { throw Malformation("more than a chain's counters") }
    if let position = positions[name], chains[position].isImplied, let policy {
      chains[position].isImplied = false
      chains[position].policy = policy
      chains[position].policyCounter = counter
      return
    }
    if let position = positions[name] {
      // iptables-nft-save prints the chains of hooks first, also those that don't exist. A chain of such a
      // name that hangs on no hook follows as any other does, and is the one that exists.
      guard policy == nil, chains[position].policy != nil, chains[position].rules.isEmpty else {
        throw Malformation("the chain stands here twice")
      }
      chains[position].policy = nil
      return
    }
    positions[name] = chains.count
    chains.append(
      ChainUnderConstruction(name: name, policy: policy, policyCounter: counter))
  }

  /// Takes `-A CHAIN …`, or the same after `[12:345]`.
  mutating func appendRule(_ line: ArraySlice<UInt8>) throws(Malformation) {
    var cursor = WordCursor(try LineTokenizer.words(of: line))
    var counter = Counter()
    if let word = cursor.peek(), word.bytes.first == UInt8(ascii: "[") {
      counter = try word.counter()
      cursor.position += 1
    }
    guard let command = cursor.next(), ["-A", "--append"].contains(command.text) else {
      throw Malformation("-A is missing")
    }
    let chain = try cursor.value(of: command).chainName()
    let position = try position(of: chain)
    let rule = try RuleNormaliser.line(of: cursor, in: line, family: family, isChain: hasChain)
    chains[position].rules.append(line: rule)
    chains[position].counters.append(counter)
  }

  /// Where a rule's chain is. A built-in chain exists without a line of its own, as iptables-restore has it.
  private mutating func position(of chain: ChainName) throws(Malformation) -> Int {
    if let position = positions[chain] { return position }
    guard self.name.builtInChains.contains(chain) else {
      throw Malformation("no chain '\(chain)' stands above")
    }
    positions[chain] = chains.count
    chains.append(ChainUnderConstruction(name: chain, policy: .accept, isImplied: true))
    return chains.count - 1
  }

  func snapshot() -> TableSnapshot {
    // Built-in chains come first and in iptables' order, as in each table of the kernel.
    let builtIn = chains.filter { $0.policy != nil }.sorted { name.precedes($0.name, $1.name) }
    let chains = builtIn + self.chains.filter { $0.policy == nil }
    let content = TableContent(
      family: family, name: name,
      chains: chains.map { chain in
        Chain(name: chain.name, policy: chain.policy, rules: chain.rules.trimmed)
      })
    return TableSnapshot(
      content: content, counters: chains.flatMap(\.counters),
      policyCounters: builtIn.map(\.policyCounter))
  }
}

extension Word {
  fileprivate func chainName() throws(Malformation) -> ChainName {
    guard !bytes.isEmpty, let name = ChainName(bytes) else { throw isNot("a chain's name") }
    return name
  }

  /// `[12:345]`: packets and bytes.
  fileprivate func counter() throws(Malformation) -> Counter {
    guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"),
      let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let packets = UInt64(decimal: bytes[bytes.startIndex + 1..<colon]),
      let count = UInt64(decimal: bytes[colon + 1..<bytes.endIndex - 1])
    else { throw isNot("a pair of counters") }
    return Counter(packets: packets, bytes: count)
  }
}
