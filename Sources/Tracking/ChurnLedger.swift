package import Churn
package import KubeProxy
package import Netfilter

/// The running totals of all changes, since the exporter started. A ``ChurnMark`` remembers where they stood.
package struct ChurnLedger: Sendable {
  package struct ServiceKey: Hashable, Sendable {
    package let family: IPFamily
    package let port: ServicePort

    package init(family: IPFamily, port: ServicePort) {
      self.family = family
      self.port = port
    }
  }

  package struct TableKey: Hashable, Sendable {
    package let family: IPFamily
    package let table: TableName

    package init(family: IPFamily, table: TableName) {
      self.family = family
      self.table = table
    }
  }

  package struct ScopeKey: Hashable, Sendable {
    package let table: TableKey
    package let scope: RuleScope

    package init(table: TableKey, scope: RuleScope) {
      self.table = table
      self.scope = scope
    }
  }

  package struct KindKey: Hashable, Sendable {
    package let table: TableKey
    package let kind: String

    package init(table: TableKey, kind: String) {
      self.table = table
      self.kind = kind
    }
  }

  package private(set) var services = ChangeTotals<ServiceKey>()
  package private(set) var scopes = ChangeTotals<ScopeKey>()
  package private(set) var chains = ChangeTotals<KindKey>()
  /// The tables that were ever read: their totals stay, whatever becomes of them.
  package private(set) var tables: Set<TableKey> = []
  /// When a reading last differed from the one before.
  package private(set) var lastChanges: [TableKey: Moment] = [:]
  /// Rises with every change of the totals.
  package private(set) var revision: UInt64 = 0
  package private(set) var recentServices = RecentChanges<ServiceKey>()

  /// Notes that a table was read.
  mutating func note(_ table: TableName, _ family: IPFamily) {
    tables.insert(TableKey(family: family, table: table))
  }

  /// Counts the changes of a table.
  mutating func take(_ transition: TableTransition, at time: Moment) {
    // Where policies alone differ, the difference has no chain.
    guard !transition.difference.isEmpty || transition.old.content != transition.new.content
    else { return }
    let table = TableKey(family: transition.family, table: transition.table)
    lastChanges[table] = time
    revision += 1
    recentServices.begin(revision)
    for rules in transition.changedRules { take(rules, of: table) }
  }

  private mutating func take(_ rules: ChangedRules, of table: TableKey) {
    if let kindChange = rules.change.chainChange {
      chains.add(kindChange, for: KindKey(table: table, kind: ChainKind.of(rules.chain)))
    }
    addScopes(of: rules, table)
    guard table.table == .nat else { return }
    rules.forEach { change, owner in add(change, to: owner.map(rules.port), table.family) }
  }

  /// Counts the rules of a chain that changed, each where it stands.
  private mutating func addScopes(of rules: ChangedRules, _ table: TableKey) {
    if let common = rules.places.common {
      let difference = rules.change.difference
      let scope = ScopeKey(table: table, scope: common.scope)
      scopes.add(.added, count: difference.added.count, for: scope)
      scopes.add(.removed, count: difference.removed.count, for: scope)
      scopes.add(.moved, count: difference.moved.count, for: scope)
      return
    }
    rules.forEachPlace { change, place in
      if let place { scopes.add(change, for: ScopeKey(table: table, scope: place.scope)) }
    }
  }

  private mutating func add(_ change: Change, to owner: ServicePort?, _ family: IPFamily) {
    guard let owner else { return }
    let key = ServiceKey(family: family, port: owner)
    services.add(change, for: key)
    recentServices.insert(key)
  }

  /// Forgets service ports that are gone, should there be very many.
  mutating func forgetGone(_ family: IPFamily, keeping present: ServiceMap, atMost limit: Int) {
    guard services.keys.count > present.services.count + limit else { return }
    let ports = Set(present.services.lazy.map(\.port))
    services.forget(where: { $0.family == family && !ports.contains($0.port) })
  }
}

/// Where the churn totals stood at a scrape: what "since this scraper's last scrape" is measured from.
package struct ChurnMark: Sendable {
  /// The ledger's revision. Marks of the same revision share their memory.
  package let revision: UInt64
  package let services: ChangeTotals<ChurnLedger.ServiceKey>.Mark
  package let scopes: ChangeTotals<ChurnLedger.ScopeKey>.Mark

  /// The memory that it needs beyond the ledger's own, once that has counted another change.
  package var byteCount: Int { services.byteCount + scopes.byteCount }
}

extension ChurnLedger {
  package var mark: ChurnMark {
    ChurnMark(revision: revision, services: services.mark, scopes: scopes.mark)
  }
}

/// The keys whose totals changed of late, so that who knows the totals of a while ago need not look them
/// all up again.
package struct RecentChanges<Key: Hashable & Sendable>: Sendable {
  /// The revision of the totals behind which all changed keys are known.
  package private(set) var start: UInt64 = 0
  package private(set) var keys: Set<Key> = []

  /// Beyond so many, looking everything up costs no more.
  private static var capacity: Int { 256 }

  /// Notes that a revision begins; to be called before its keys are noted.
  mutating func begin(_ revision: UInt64) {
    guard keys.count > Self.capacity else { return }
    keys.removeAll()
    start = revision - 1
  }

  mutating func insert(_ key: Key) { keys.insert(key) }
}
