public import KubeProxy
public import Netfilter

/// What differs between two rule sets: for each service port, and in what belongs to none.
public struct RulesetDifference: Sendable {
  /// What differs, by owner, in the order in which packets meet it.
  public let groups: [ChangeGroup]
  /// What that means, in sentences: what matters most first.
  public let findings: [DifferenceFinding]
  public let counts: DifferenceCounts
  /// Tables that one side lacks.
  public let notCompared: [UncomparedTable]
  /// The number of tables that both sides have, in either family.
  public let comparedTables: Int
  /// Whether either side has a service port that is asked for; true where all are asked for.
  public let hasSelected: Bool
  let old: Ruleset
  let new: Ruleset

  /// Whether nothing differs in what was compared.
  public var isEmpty: Bool { counts == DifferenceCounts() }

  /// Compares two rule sets, in O(n log n) time.
  ///
  /// - Parameters:
  ///   - selection: the service ports that are asked for; nil for all, and for what belongs to none.
  ///   - pattern: the selection, as people wrote it.
  public init(
    from old: Ruleset, to new: Ruleset, selection: ((ServicePort) -> Bool)? = nil,
    pattern: String? = nil
  ) {
    let comparisons = IPFamily.allCases.map {
      FamilyComparison($0, from: old.family($0), to: new.family($0))
    }
    var grouping = ChangeGrouping(selection)
    for comparison in comparisons { grouping.add(comparison) }
    self.old = old
    self.new = new
    groups = grouping.sorted
    counts = grouping.counts
    comparedTables = comparisons.reduce(0) { $0 + $1.tables.count }
    notCompared = comparisons.flatMap(\.notCompared)
    let services = comparisons.lazy.flatMap { [$0.old.map, $0.new.map] }.flatMap(\.services)
    hasSelected = selection.map { isAsked in services.contains { isAsked($0.port) } } ?? true
    findings = DifferenceFinding.all(
      of: comparisons, grouping.counts, selection: selection, pattern: pattern)
  }
}

/// A table that only one side has, so that nothing can be said of it: a file may hold some tables only.
public struct UncomparedTable: Sendable, Hashable {
  public enum Side: String, Sendable, Hashable {
    case old = "before"
    case new = "after"
  }

  public let family: IPFamily
  public let table: TableName
  /// The side that doesn't have it.
  public let missing: Side
}

/// What differs for one service port, or in chains that belong to none.
public struct ChangeGroup: Sendable {
  public enum Owner: Sendable, Hashable {
    case servicePort(ServicePort)
    /// Rules and chains of no service port, by scope and ``ChainKind``.
    case nobody(RuleScope, kind: String)

    init(_ placement: RulePlacement) { self = .nobody(placement.scope, kind: placement.kind) }
  }

  public let owner: Owner
  /// Sorted by family, table and chain. A chain comes first, then the rules that were removed, then those
  /// that were added or moved, by position, and last those that were written again.
  public internal(set) var changes: [RulesetChange] = []
}

extension ChangeGroup.Owner: Comparable {
  /// What packets meet first comes first: built-in chains, service ports by name, and what is left.
  public static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.servicePort(let left), .servicePort(let right)): left < right
    case (.nobody(_, let leftKind), .nobody(_, let rightKind)):
      (left.rank, leftKind) < (right.rank, rightKind)
    default: left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .nobody(.hook, _): 0
    case .servicePort: 1
    case .nobody(let scope, _): 2 + (RuleScope.allCases.firstIndex(of: scope) ?? 0)
    }
  }
}

/// One thing that differs: a rule, a chain, or a policy.
public struct RulesetChange: Sendable, Hashable {
  /// What happened. Positions of rules in their chain are counted as iptables does, from 1.
  public enum Event: Sendable, Hashable {
    case chainAdded
    case chainRemoved
    case policyChanged(from: Verdict, to: Verdict)
    case ruleAdded(at: Int)
    case ruleRemoved(from: Int)
    case ruleMoved(from: Int, to: Int)
    /// Written again as it was: nf_tables gave it a new handle.
    case ruleRewritten(from: Int, to: Int)
  }

  public let family: IPFamily
  public let table: TableName
  public let chain: ChainName
  public let event: Event
  /// As iptables-save writes it, without counters: `-A CHAIN …` of a rule, `:CHAIN POLICY` of a chain,
  /// `-` standing for no policy.
  public let text: [UInt8]
}

/// How much differs.
public struct DifferenceCounts: Sendable, Hashable {
  public private(set) var rulesAdded = 0
  public private(set) var rulesRemoved = 0
  public private(set) var rulesMoved = 0
  public private(set) var rulesRewritten = 0
  public private(set) var chainsAdded = 0
  public private(set) var chainsRemoved = 0
  public private(set) var policiesChanged = 0

  mutating func add(_ event: RulesetChange.Event) {
    switch event {
    case .chainAdded: chainsAdded += 1
    case .chainRemoved: chainsRemoved += 1
    case .policyChanged: policiesChanged += 1
    case .ruleAdded: rulesAdded += 1
    case .ruleRemoved: rulesRemoved += 1
    case .ruleMoved: rulesMoved += 1
    case .ruleRewritten: rulesRewritten += 1
    }
  }

  /// Each number, by its name in JSON, and what it counts.
  var parts: [(name: String, number: Int, noun: String, verb: String)] {
    [
      ("rules_added", rulesAdded, "rule", "added"),
      ("rules_removed", rulesRemoved, "rule", "removed"),
      ("rules_moved", rulesMoved, "rule", "moved"),
      ("rules_rewritten", rulesRewritten, "rule", "written again"),
      ("chains_added", chainsAdded, "chain", "added"),
      ("chains_removed", chainsRemoved, "chain", "removed"),
      ("policies_changed", policiesChanged, "policy", "changed"),
    ]
  }

  /// `2 chains added, 7 rules added, 1 rule moved`.
  var words: String {
    (parts.suffix(3) + parts.prefix(4)).filter { $0.number > 0 }
      .map { "\(Wording.count($0.number, $0.noun)) \($0.verb)" }.joined(separator: ", ")
  }
}
