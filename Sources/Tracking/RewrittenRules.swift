internal import Churn
internal import KubeProxy
internal import Netfilter

/// Finds the rules that were written again, with the same content, between two readings of a table.
struct RewrittenRules {
  private let old: TableSnapshot
  private let new: TableSnapshot
  private let hasHandles: Bool

  /// Nil where none was, or nothing can tell: one reading has handles, and the other none.
  ///
  /// - Parameter difference: What changed in the table; nil where nothing did.
  init?(from old: TableSnapshot, to new: TableSnapshot, _ difference: TableDifference?) {
    guard old.handles.isEmpty == new.handles.isEmpty else { return nil }
    self.old = old
    self.new = new
    hasHandles = !new.handles.isEmpty
    if difference == nil, !hasAnyAtSamePosition { return nil }
  }

  /// Whether a rule was written again.
  ///
  /// Legacy tables have no rule handles. A rule counts as rewritten if its counters are lower than before.
  ///
  /// - Parameters:
  ///   - oldPosition: Its position in the old reading, counted over all chains.
  ///   - newPosition: The same in the new one.
  @inline(__always)
  func contains(from oldPosition: Int, to newPosition: Int) -> Bool {
    hasHandles
      ? new.handles[newPosition] != old.handles[oldPosition]
      : new.counters[newPosition].hasFallen(from: old.counters[oldPosition])
  }

  private var hasAnyAtSamePosition: Bool {
    if hasHandles { return old.handles != new.handles }
    return new.counters.indices.contains { contains(from: $0, to: $0) }
  }
}

extension ChurnLedger {
  /// Enters what was written again between two readings of a table.
  ///
  /// - Parameters:
  ///   - difference: What changed in the table; nil where nothing did.
  ///   - map: Whose the new reading's rules are.
  mutating func addRewrites(
    from old: TableSnapshot, to new: TableSnapshot, _ difference: TableDifference?, map: ServiceMap
  ) {
    guard let rules = RewrittenRules(from: old, to: new, difference) else { return }
    // The same object differs in nothing, rule by rule.
    let difference = difference ?? TableDifference(from: new.content, to: new.content)
    let table = TableIdentity(family: new.family, table: new.name)
    var counts = RewriteCounts(map: new.name == .nat ? map : nil)
    difference.forEachCommonRun { chain, run in
      counts.add(run, rules, of: new.content, chain: chain)
    }
    for (scope, count) in counts.byScope {
      rewrittenScopes.update(ScopeKey(table: table, part: scope)) { $0 += count }
    }
    for (index, count) in counts.byService.enumerated() where count > 0 {
      rewrittenServices.update(
        ServiceKey(family: new.family, port: map.services[index].port)
      ) { $0 += UInt64(count) }
    }
  }
}

/// How many rules were written again between two readings of a table.
private struct RewriteCounts {
  /// Whose the new reading's rules are; nil where no service port owns any.
  let map: ServiceMap?
  var byScope: [RuleScope: UInt64] = [:]
  var byService: [UInt32]

  init(map: ServiceMap?) {
    self.map = map
    byService = Array(repeating: 0, count: map?.services.count ?? 0)
  }

  /// Adds the rules of a run that were written again.
  mutating func add(
    _ run: CommonRun, _ rules: RewrittenRules, of content: TableContent, chain: Int
  ) {
    lazy var places = RulePlacements(content.chains[chain])
    let start = content.firstRules[chain]
    var inCommon: UInt64 = 0
    for offset in 0..<run.count where rules.contains(from: run.from + offset, to: run.to + offset) {
      let rule = run.to + offset
      if places.common == nil {
        byScope[places[rule - start].scope, default: 0] += 1
      } else {
        inCommon += 1
      }
      if let owner = map?.owner(ofRule: rule - start, ofChainAt: chain, in: content) {
        byService[owner] += 1
      }
    }
    if inCommon > 0, let common = places.common {
      byScope[common.scope, default: 0] += inCommon
    }
  }
}
