internal import Churn
internal import KubeProxy
internal import Netfilter

extension ChurnLedger {
  /// Enters the rules that were written again with the same content between two readings of a table. Enters nothing
  /// if only one of the readings has handles.
  ///
  /// - Parameters:
  ///   - difference: What changed in the table; nil where nothing did.
  ///   - map: The service ports of the new reading.
  mutating func addRewrites(
    from old: TableSnapshot, to new: TableSnapshot, _ difference: TableDifference?, map: ServiceMap
  ) {
    guard old.handles.isEmpty == new.handles.isEmpty else { return }
    let growth = CounterGrowth(from: old, to: new)
    if difference == nil, !growth.isAnyRewritten { return }
    // The same object differs in nothing, rule by rule.
    let difference = difference ?? TableDifference(from: new.content, to: new.content)
    let table = TableIdentity(family: new.family, table: new.name)
    var counts = RewriteCounts(map: new.name == .nat ? map : nil)
    difference.forEachCommonRun { chain, run in
      counts.add(run, growth, of: new.content, chain: chain)
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
  /// The service ports of the new reading; nil for a table in which they are not counted.
  let map: ServiceMap?
  var byScope: [RuleScope: UInt64] = [:]
  var byService: [UInt32]

  init(map: ServiceMap?) {
    self.map = map
    byService = Array(repeating: 0, count: map?.services.count ?? 0)
  }

  /// Adds the rules of a run that were written again.
  mutating func add(
    _ run: CommonRun, _ growth: CounterGrowth, of content: TableContent, chain: Int
  ) {
    lazy var places = RulePlacements(content.chains[chain])
    let start = content.firstRules[chain]
    var inCommon: UInt64 = 0
    for offset in 0..<run.count
    where growth.isRewritten(from: run.from + offset, to: run.to + offset) {
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
