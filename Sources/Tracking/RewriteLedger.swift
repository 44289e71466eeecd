internal import Churn
internal import KubeProxy
internal import Netfilter

/// How many rules were written again with the same content, since the exporter started.
package struct RewriteLedger: Sendable {
  package private(set) var services: [ChurnLedger.ServiceKey: UInt64] = [:]
  package private(set) var scopes: [ChurnLedger.ScopeKey: UInt64] = [:]
  /// Rises with every change of the totals.
  package private(set) var revision: UInt64 = 0
  private(set) var recentServices = RecentChanges<ChurnLedger.ServiceKey>()

  /// Enters what was written again between two readings of a table.
  ///
  /// - Parameters:
  ///   - difference: What changed in the table; nil where nothing did.
  ///   - map: Whose the new reading's rules are.
  mutating func record(
    from old: TableSnapshot, to new: TableSnapshot, _ difference: TableDifference?, map: ServiceMap
  ) {
    guard let rules = RewrittenRules(from: old, to: new, difference) else { return }
    // The same object differs in nothing, rule by rule.
    let difference = difference ?? TableDifference(from: new.content, to: new.content)
    let table = ChurnLedger.TableKey(family: new.family, table: new.name)
    var counts = Counts(map: new.name == .nat ? map : nil)
    difference.forEachCommonRun { chain, run in
      counts.add(run, rules, of: new.content, chain: chain)
    }
    guard !counts.byScope.isEmpty else { return }
    revision += 1
    recentServices.begin(revision)
    for (scope, count) in counts.byScope {
      scopes[ChurnLedger.ScopeKey(table: table, scope: scope), default: 0] += count
    }
    for (index, count) in counts.byService.enumerated() where count > 0 {
      let key = ChurnLedger.ServiceKey(family: new.family, port: map.services[index].port)
      services[key, default: 0] += UInt64(count)
      recentServices.insert(key)
    }
  }

  /// What one difference comes to.
  private struct Counts {
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
      for offset in 0..<run.count
      where rules.contains(from: run.from + offset, to: run.to + offset) {
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

  /// Forgets service ports that are gone, should there be very many.
  mutating func forgetGone(_ family: IPFamily, keeping present: ServiceMap, atMost limit: Int) {
    guard services.count > present.services.count + limit else { return }
    let ports = Set(present.services.lazy.map(\.port))
    services = services.filter { $0.key.family != family || ports.contains($0.key.port) }
  }
}

extension RewriteLedger {
  /// What can be known, in a metric's words.
  package static let limits =
    "In nf_tables a rule counts if its handle is another. Legacy rules have no handles: a rule counts if "
    + "its counters are lower than before. A rule is missed if it had counted nothing, or has counted more "
    + "since. Counters that iptables -Z reset are counted."
}

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
