public import KubeProxy
internal import Netfilter

/// What differs between two rule sets: for each service port, and in what belongs to none.
public struct RulesetDifference: Sendable {
  /// What differs, by whose it is, in the order in which packets meet it.
  public let groups: [ChangeGroup]
  /// What that means, in sentences: what matters most first.
  public let findings: [Finding]
  public let counts: DifferenceCounts
  /// Tables that one side lacks.
  public let notCompared: [UncomparedTable]

  /// Whether nothing differs in what was compared.
  public var isEmpty: Bool { counts == DifferenceCounts() }

  /// The tables that both sides have, in either family.
  public let comparedTables: Int

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
    groups = grouping.sorted
    counts = grouping.counts
    comparedTables = comparisons.reduce(0) { $0 + $1.tables.count }
    notCompared = comparisons.flatMap(\.notCompared)
    findings = Finding.all(
      of: comparisons, grouping.counts, selection: selection, pattern: pattern)
  }
}
