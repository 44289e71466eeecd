internal import Churn
internal import KubeProxy
internal import Netfilter

/// The running totals of all changes, since the exporter started. A ``ChurnMark`` remembers where they stood.
struct ChurnLedger: Sendable {
  struct ServiceKey: Hashable, Sendable {
    let family: IPFamily
    let port: ServicePort
  }

  struct TableKey: Hashable, Sendable {
    let family: IPFamily
    let table: TableName
  }

  struct ScopeKey: Hashable, Sendable {
    let table: TableKey
    let scope: RuleScope
  }

  struct KindKey: Hashable, Sendable {
    let table: TableKey
    let kind: String
  }

  private(set) var services = ChangeTotals<ServiceKey>()
  private(set) var scopes = ChangeTotals<ScopeKey>()
  private(set) var chains = ChangeTotals<KindKey>()
  /// The tables that were ever read: their totals stay, whatever becomes of them.
  private(set) var tables: Set<TableKey> = []
  /// When a reading last differed from the one before.
  private(set) var lastChanges: [TableKey: Moment] = [:]
  /// Rises with every change of the totals.
  private(set) var revision: UInt64 = 0
  private(set) var recentServices = RecentChanges<ServiceKey>()

  /// Notes that a table was read.
  mutating func note(_ table: TableName, _ family: IPFamily) {
    tables.insert(TableKey(family: family, table: table))
  }

  /// A table at one reading, with the interpretation of its family.
  struct Side {
    let content: TableContent
    let map: ServiceMap
  }

  /// Enters the difference between two readings of a table.
  mutating func record(
    _ difference: TableDifference, from old: Side, to new: Side, at time: Moment
  ) {
    // Where policies alone differ, the difference has no chain.
    guard !difference.isEmpty || old.content != new.content else { return }
    let table = TableKey(family: new.content.family, table: new.content.name)
    lastChanges[table] = time
    revision += 1
    recentServices.begin(revision)
    for change in difference.changedChains {
      record(change, of: table, from: old, to: new)
    }
  }

  private mutating func record(
    _ change: ChangedChain, of table: TableKey, from old: Side, to new: Side
  ) {
    let chain =
      change.newIndex.map { new.content.chains[$0] }
      ?? change.oldIndex.map {
        old.content.chains[$0]
      }
    guard let chain else { return }
    if let kindChange = change.chainChange {
      chains.add(kindChange, for: KindKey(table: table, kind: ChainKind.of(chain)))
    }
    let difference = change.difference
    let places = ChangedPlacements(
      from: change.oldIndex.map { old.content.chains[$0] },
      to: change.newIndex.map { new.content.chains[$0] })
    addScopes(of: difference, places, table)
    guard table.table == .nat else { return }
    let owners = ChainOwners(of: change, from: old, to: new)
    for position in difference.removed {
      add(.removed, to: owners.owner(ofRemoved: position).map(owners.port), table.family)
    }
    for position in difference.added {
      add(.added, to: owners.owner(ofAdded: position).map(owners.port), table.family)
    }
    for move in difference.moved {
      add(.moved, to: owners.owner(ofMoved: move).map(owners.port), table.family)
    }
  }

  /// Counts the rules of a chain that changed, each where it stands.
  private mutating func addScopes(
    of difference: ChainDifference, _ places: ChangedPlacements, _ table: TableKey
  ) {
    if let common = places.common {
      let scope = ScopeKey(table: table, scope: common.scope)
      scopes.add(.added, count: difference.added.count, for: scope)
      scopes.add(.removed, count: difference.removed.count, for: scope)
      scopes.add(.moved, count: difference.moved.count, for: scope)
      return
    }
    func add(_ change: Change, _ place: RulePlacement?) {
      if let place { scopes.add(change, for: ScopeKey(table: table, scope: place.scope)) }
    }
    for position in difference.added { add(.added, places.added(position)) }
    for position in difference.removed { add(.removed, places.removed(position)) }
    for move in difference.moved { add(.moved, places.moved(from: move.from, to: move.to)) }
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

extension ChurnLedger.Side {
  /// The index in the map of whose the rule is; nil where it belongs to no service port.
  func ownerIndex(chain: Int?, _ position: Int) -> Int? {
    guard let chain else { return nil }
    let rule = content.firstRules[chain] + position
    let owners = content.name == .nat ? map.natOwners : map.filterOwners
    guard content.name == .nat || content.name == .filter, rule < owners.count else { return nil }
    return owners[rule] < 0 ? nil : Int(owners[rule])
  }
}
