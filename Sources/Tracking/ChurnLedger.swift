package import Churn
package import KubeProxy
package import Netfilter

/// All changes since the exporter started: running totals, times, and the last ones one by one. A
/// ``ChurnMark`` remembers where the totals stood.
package struct ChurnLedger: Sendable {
  package struct ServiceKey: Hashable, Sendable {
    package let family: IPFamily
    package let port: ServicePort
  }

  /// A part of a table.
  package struct PartKey<Part: Hashable & Sendable>: Hashable, Sendable {
    package let table: TableIdentity
    package let part: Part

    package init(table: TableIdentity, part: Part) {
      self.table = table
      self.part = part
    }
  }

  package typealias ScopeKey = PartKey<RuleScope>
  /// The chains of a kind.
  package typealias KindKey = PartKey<String>

  /// The rules of service ports in nat that were added, removed and moved.
  private(set) var services = RunningTotals<ServiceKey, ChangeCounts>(zero: .zero)
  package private(set) var scopes = RunningTotals<ScopeKey, ChangeCounts>(zero: .zero)
  package private(set) var chains = RunningTotals<KindKey, ChangeCounts>(zero: .zero)
  /// How many rules were written again with the same content.
  var rewrittenServices = RunningTotals<ServiceKey, UInt64>(zero: 0)
  package internal(set) var rewrittenScopes = RunningTotals<ScopeKey, UInt64>(zero: 0)
  package private(set) var log = ChangeLog()
  /// The tables that were ever read: their totals stay, whatever becomes of them.
  package private(set) var tables: Set<TableIdentity> = []
  /// When a reading last differed from the one before.
  package private(set) var lastChanges: [TableIdentity: Moment] = [:]
  /// When the rules of each service port in nat and filter last changed.
  private var serviceTimes: [ServiceKey: Moment] = [:]

  /// When a rule of the service port in nat or filter last changed; nil where no change was seen.
  package func lastChange(of port: ServicePort, _ family: IPFamily) -> Moment? {
    serviceTimes[ServiceKey(family: family, port: port)]
  }

  /// Whether a service port has totals, which it keeps if it goes and comes back.
  func hasCounted(_ key: ServiceKey) -> Bool {
    services[key] != .zero || rewrittenServices[key] != 0
  }

  mutating func note(_ table: TableName, _ family: IPFamily) {
    tables.insert(TableIdentity(family: family, table: table))
  }

  mutating func take(_ transition: TableTransition, at time: Moment) {
    // Where policies alone differ, the difference has no chain.
    guard !transition.difference.isEmpty || transition.old.content != transition.new.content
    else { return }
    let table = TableIdentity(family: transition.family, table: transition.table)
    lastChanges[table] = time
    for rules in transition.changedRules {
      if let kindChange = rules.change.chainChange {
        chains.update(KindKey(table: table, part: ChainKind.of(rules.chain))) {
          $0[kindChange] += 1
        }
      }
      addScopes(of: rules, table)
    }
    addServices(of: transition, at: time)
    log.take(transition, at: time)
  }

  /// Counts the rules of a chain that changed, each where it stands.
  private mutating func addScopes(of rules: ChangedRules, _ table: TableIdentity) {
    let (difference, places) = (rules.change.difference, rules.places)
    if difference.isEmpty { return }
    if let common = places.common {
      scopes.update(ScopeKey(table: table, part: common.scope)) { $0 += ChangeCounts(difference) }
      return
    }
    difference.forEachEvent { event in
      guard let place = places[event] else { return }
      scopes.update(ScopeKey(table: table, part: place.scope)) { $0[event.change] += 1 }
    }
  }

  /// Counts the rules of each service port that changed.
  private mutating func addServices(of transition: TableTransition, at time: Moment) {
    guard transition.table == .nat || transition.table == .filter else { return }
    // By index first: a name is looked up once, however many of its rules changed.
    var before = [ChangeCounts](repeating: .zero, count: transition.old.map.services.count)
    var now = [ChangeCounts](repeating: .zero, count: transition.new.map.services.count)
    for rules in transition.changedRules {
      rules.change.difference.forEachEvent { event in
        switch rules.owner(of: event) {
        case .old(let index): before[index][event.change] += 1
        case .new(let index): now[index][event.change] += 1
        case nil: break
        }
      }
    }
    for (counts, map) in [(before, transition.old.map), (now, transition.new.map)] {
      for index in counts.indices where counts[index] != .zero {
        let key = ServiceKey(family: transition.family, port: map.services[index].port)
        serviceTimes[key] = time
        if transition.table == .nat { services.update(key) { $0 += counts[index] } }
      }
    }
  }

  /// Forgets service ports that are gone, if there are more than `limit` of them.
  mutating func forgetGone(_ family: IPFamily, keeping present: ServiceMap, atMost limit: Int) {
    let limit = present.services.count + limit
    guard max(services.count, rewrittenServices.count, serviceTimes.count) > limit else { return }
    let ports = Set(present.services.lazy.map(\.port))
    func isGone(_ key: ServiceKey) -> Bool { key.family == family && !ports.contains(key.port) }
    if services.count > limit { services.forget(where: isGone) }
    if rewrittenServices.count > limit { rewrittenServices.forget(where: isGone) }
    if serviceTimes.count > limit { serviceTimes = serviceTimes.filter { !isGone($0.key) } }
  }

  /// Marks where the totals stand.
  ///
  /// - Parameter former: A mark that is taken again if they still stand there.
  func mark(_ former: ChurnMark?) -> ChurnMark {
    if let former, services.stand(at: former.services), scopes.stand(at: former.scopes) {
      return former
    }
    return ChurnMark(services: services.mark, scopes: scopes.mark)
  }
}

/// Where the churn totals stood after a reading. "Since this scraper's last scrape" is measured from it. While the
/// totals stay the same, so does the object.
package final class ChurnMark: Sendable {
  let services: RunningTotals<ChurnLedger.ServiceKey, ChangeCounts>.Mark
  package let scopes: RunningTotals<ChurnLedger.ScopeKey, ChangeCounts>.Mark

  init(
    services: RunningTotals<ChurnLedger.ServiceKey, ChangeCounts>.Mark,
    scopes: RunningTotals<ChurnLedger.ScopeKey, ChangeCounts>.Mark
  ) {
    self.services = services
    self.scopes = scopes
  }

  /// The memory that it needs beyond the ledger's own, once that has counted another change.
  var byteCount: Int { services.byteCount + scopes.byteCount }
}

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

/// Remembers for each scraper where the churn totals stood when it was last answered, so that no
/// scraper takes another's churn.
///
/// Each collector has an entry of its own, because a scraper may ask for one collector now and for another
/// later. Entries are bounded in number and in memory. The oldest answer is forgotten first.
package struct ScraperMemory: Sendable {
  private struct Entry {
    let scraper: String
    let collector: String
    let mark: ChurnMark
  }

  /// Those that were answered longest ago are first.
  private var entries: [Entry] = []
  private let byteLimit: Int

  private static let capacity = 128

  package init(byteLimit: Int = 16 << 20) { self.byteLimit = byteLimit }

  /// Where the totals stood when the scraper was last answered with that collector's metrics; nil if it
  /// never was, or if that is forgotten.
  package func mark(of scraper: String, _ collector: String) -> ChurnMark? {
    entries.first { $0.scraper == scraper && $0.collector == collector }?.mark
  }

  /// Notes that the scraper is answered with these totals.
  package mutating func note(_ mark: ChurnMark, for scraper: String, _ collector: String) {
    entries.removeAll { $0.scraper == scraper && $0.collector == collector }
    entries.append(Entry(scraper: scraper, collector: collector, mark: mark))
    if entries.count > Self.capacity { entries.removeFirst() }
    // The last one stays: without it nobody would ever see churn.
    while entries.count > 1, byteCount > byteLimit { entries.removeFirst() }
  }

  /// The memory of all marks, each once.
  private var byteCount: Int {
    var counted: Set<ObjectIdentifier> = []
    return entries.reduce(0) {
      counted.insert(ObjectIdentifier($1.mark)).inserted ? $0 + $1.mark.byteCount : $0
    }
  }
}
