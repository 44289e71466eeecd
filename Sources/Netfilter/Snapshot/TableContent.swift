/// One of iptables' five tables.
public enum TableName: String, Sendable, Hashable, CaseIterable, Comparable {
  case nat
  case filter
  case mangle
  case raw
  case security

  public static func < (left: TableName, right: TableName) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The built-in chains that iptables gives the table, in the order in which packets meet them.
  ///
  /// C counterpart: `xtables_ipv4` in iptables' `nft.c`.
  public var builtInChains: [ChainName] {
    switch self {
    case .raw: ["PREROUTING", "OUTPUT"]
    case .mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
    case .nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]
    case .filter, .security: ["INPUT", "FORWARD", "OUTPUT"]
    }
  }

  /// Whether a built-in chain stands before another in that order. One that iptables doesn't give the table stands last.
  public func precedes(_ left: ChainName, _ right: ChainName) -> Bool {
    let order = builtInChains
    return order.firstIndex(of: left) ?? order.count < order.firstIndex(of: right) ?? order.count
  }
}

/// What stands in a table, without counters. Shared between the snapshots of a table that did not
/// change, so that `===` answers "did anything change?".
public final class TableContent: Sendable {
  public let family: IPFamily
  public let name: TableName
  /// In the order of the source: libiptc's is built-in chains first, then by name.
  public let chains: [Chain]
  /// For each chain, where its rules begin in a list of all rules; one more entry, the number of
  /// rules, ends it.
  public let firstRules: [Int]
  /// The number of built-in chains.
  public let builtInCount: Int
  /// The chains by name, unless the built-in ones are first and the others sorted: a file may have any order.
  private let indices: [ChainName: Int]?

  public init(family: IPFamily, name: TableName, chains: [Chain]) {
    self.family = family
    self.name = name
    self.chains = chains
    var firstRules = [0]
    firstRules.reserveCapacity(chains.count + 1)
    var total = 0
    var builtInCount = 0
    var isSorted = true
    // Spans, for nothing needs to be retained to be looked at.
    for index in chains.indices {
      total += chains.span[index].rules.count
      firstRules.append(total)
      if chains.span[index].isBuiltIn {
        isSorted = isSorted && builtInCount == index
        builtInCount += 1
      } else if index > builtInCount {
        isSorted = isSorted && chains.span[index - 1].name < chains.span[index].name
      }
    }
    self.firstRules = firstRules
    self.builtInCount = builtInCount
    indices =
      isSorted
      ? nil
      : Dictionary(
        chains.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The index of the first chain of that name; nil where there is none.
  public func chainIndex(of name: ChainName) -> Int? {
    if let indices { return indices[name] }
    let chains = chains
    return (0..<builtInCount).first { chains.span[$0].name == name }
      ?? (builtInCount..<chains.count).sortedIndex(of: name) { chains.span[$0].name }
  }

  public var ruleCount: Int { firstRules[chains.count] }

  /// Where the rules of the chain at `position` stand in a list of all rules.
  public func ruleRange(of position: Int) -> Range<Int> {
    firstRules[position]..<firstRules[position + 1]
  }
}

extension TableContent: Equatable {
  /// Equal content; the same object is, without looking.
  public static func == (left: TableContent, right: TableContent) -> Bool {
    left === right
      || left.family == right.family && left.name == right.name && left.chains == right.chains
  }
}

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

/// A target that ends the walk through a chain, or a built-in chain's policy.
///
/// The raw value is the name that iptables writes.
public enum Verdict: String, Sendable, Hashable {
  case accept = "ACCEPT"
  case drop = "DROP"
  case queue = "QUEUE"
  case `return` = "RETURN"

  public var name: String { rawValue }

  public init?(name: some StringProtocol) { self.init(rawValue: String(name)) }
}
