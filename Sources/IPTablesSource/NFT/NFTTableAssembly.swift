internal import Netfilter

/// Puts a table together from chains that were read and those that stay as they were.
struct NFTTableAssembly {
  private let former: TableContent
  private let formerRun: NFTRuleRun
  private var chains: [Chain] = []
  private var run = NFTRuleRun()
  /// Chains of the former content that stay, one after the other, and are not yet taken over.
  private var kept = 0..<0
  /// Whether the content so far is the former one's beginning.
  private var isUnchanged = true

  /// - Parameters:
  ///   - chainCount: How many chains the table has.
  ///   - ruleCount: How many rules were read.
  init(_ former: TableContent, _ formerRun: NFTRuleRun, chainCount: Int, ruleCount: Int) {
    self.former = former
    self.formerRun = formerRun
    chains.reserveCapacity(chainCount)
    run.reserveCapacity(max(formerRun.count + 16, ruleCount))
  }

  /// Appends a chain that was read.
  mutating func append(
    _ chain: NFTChain, _ rules: RuleList, _ read: NFTRuleRun, _ range: Range<Int>,
    formerly position: Int?
  ) {
    flush()
    if isUnchanged {
      isUnchanged =
        position == chains.count && former.chains[chains.count].policy == chain.policy
        && former.chains[chains.count].rules == rules
    }
    chains.append(Chain(name: chain.name, policy: chain.policy, rules: rules))
    run.append(read, range)
  }

  /// Appends a chain whose rules are those at a position of the former content.
  mutating func append(_ chain: NFTChain, formerly position: Int) {
    guard former.chains[position].policy == chain.policy else {
      return append(
        chain, former.chains[position].rules, formerRun, former.ruleRange(of: position),
        formerly: position)
    }
    if position != kept.upperBound {
      flush()
      kept = position..<position
    }
    kept = kept.lowerBound..<position + 1
  }

  /// What came of it: the former content itself where nothing differs.
  mutating func finish() -> (TableContent, NFTRuleRun) {
    flush()
    if isUnchanged, chains.count == former.chains.count { return (former, run) }
    let content = TableContent(family: former.family, name: former.name, chains: chains)
    return (content, run)
  }

  /// Takes over what stays, all at once.
  private mutating func flush() {
    if kept.isEmpty { return }
    isUnchanged = isUnchanged && kept.lowerBound == chains.count
    chains.append(contentsOf: former.chains[kept])
    run.append(formerRun, former.firstRules[kept.lowerBound]..<former.firstRules[kept.upperBound])
    kept = kept.upperBound..<kept.upperBound
  }
}

/// What is known of the rules of one chain or of several, rule after rule, beside their content.
struct NFTRuleRun: Sendable {
  var counters: [Counter] = []
  /// Each with its table's handle before it: a table that is made again numbers its rules from 1.
  var handles: [UInt64] = []
  var digests: [ContentDigest] = []
  /// Whether the rule translates the destination, so that its packets are new connections.
  var translates: [Bool] = []

  var count: Int { handles.count }

  mutating func reserveCapacity(_ count: Int) {
    counters.reserveCapacity(count)
    handles.reserveCapacity(count)
    digests.reserveCapacity(count)
    translates.reserveCapacity(count)
  }

  /// Appends the rules of `range` of another run.
  mutating func append(_ other: NFTRuleRun, _ range: Range<Int>) {
    counters.append(contentsOf: other.counters[range])
    handles.append(contentsOf: other.handles[range])
    digests.append(contentsOf: other.digests[range])
    translates.append(contentsOf: other.translates[range])
  }
}

/// A rule's handle together with its table's.
enum NFTRuleHandle {
  /// Unique, unless there are a million tables or 17 million million rules.
  static func unique(table: UInt64, rule: UInt64) -> UInt64 { table << bits | rule & mask }

  /// The table's own number of the rule.
  static func rule(of unique: UInt64) -> UInt64 { unique & mask }

  private static let bits: UInt64 = 44
  private static let mask: UInt64 = 1 << bits - 1
}
