internal import Churn
internal import KubeProxy
internal import Netfilter

/// An address family on both sides: the tables that are compared, and those that can't be.
struct FamilyComparison {
  let family: IPFamily
  let old: FamilySide
  let new: FamilySide
  private(set) var tables: [TableComparison] = []
  private(set) var notCompared: [UncomparedTable] = []

  /// - Parameters:
  ///   - old: The family on the old side; nil where it doesn't have it.
  ///   - new: The same on the new side.
  init(_ family: IPFamily, from old: FamilySnapshot?, to new: FamilySnapshot?) {
    self.family = family
    var pairs: [(old: TableSnapshot, new: TableSnapshot)] = []
    for name in TableName.allCases.sorted() {
      switch (old?.known(name, family), new?.known(name, family)) {
      case (let old?, let new?): pairs.append((old, new))
      case (nil, nil): break
      case (nil, let only?), (let only?, nil):
        if only.content.chains.isEmpty { break }
        let missing: UncomparedTable.Side = old?.known(name, family) == nil ? .old : .new
        notCompared.append(UncomparedTable(family: family, table: name, missing: missing))
      }
    }
    self.old = FamilySide(
      FamilySnapshot(backend: old?.backend ?? .legacy, family: family, tables: pairs.map(\.old)))
    self.new = FamilySide(
      FamilySnapshot(backend: new?.backend ?? .legacy, family: family, tables: pairs.map(\.new)),
      previous: self.old.map)
    let maps = (self.old.map, self.new.map)
    tables = pairs.map { TableComparison(from: $0.old, to: $0.new, maps) }
  }
}

/// One address family on one side of a comparison: the tables that both sides have, and the service
/// ports of their rules.
struct FamilySide {
  let snapshot: FamilySnapshot
  let map: ServiceMap

  /// - Parameter previous: The other side's map. Chains that are the same are not read again.
  init(_ snapshot: FamilySnapshot, previous: ServiceMap? = nil) {
    self.snapshot = snapshot
    map = ServiceMap(of: snapshot, previous: previous)
  }
}

extension ChangedRules {
  /// The rules that were removed, then those that were added or moved, by position.
  var events: [RuleEvent] {
    let (difference, added) = (change.difference, change.difference.added)
    let arrivals = added.map { RuleEvent.added(at: $0) } + difference.moved.map(RuleEvent.init)
    return difference.removed.map { .removed(from: $0) }
      + arrivals.sorted { ($0.newPosition ?? 0) < ($1.newPosition ?? 0) }
  }

  /// The owners of the chain's rules as it is, or as it last was.
  var owners: some Sequence<ServicePort?> {
    let isGone = change.newIndex == nil
    return chain.rules.indices.lazy.map {
      servicePort(of: isGone ? .removed(from: $0) : .added(at: $0))
    }
  }
}

extension FamilyComparison {
  /// A chain that has another name now. No service port's chain is one.
  struct Rename {
    let table: TableName
    let kind: String
    let from: ChainName
    let to: ChainName
  }

  /// Takes the new names of chains for the old ones, and returns those chains that have the same rules
  /// then. Of the others more than the name differs.
  mutating func takeRenames() -> [Rename] {
    var renames: [Rename] = []
    for (index, table) in tables.enumerated() {
      let names = ChainRenames(table).names
      if names.isEmpty { continue }
      tables[index] = table.renaming(names)
      let others = Set(
        tables[index].difference.changedChains.lazy
          .filter { !$0.difference.added.isEmpty || !$0.difference.removed.isEmpty }.map(\.name))
      renames += names.filter { !others.contains($0.value) }.sorted { $0.key < $1.key }.map {
        Rename(table: table.name, kind: ChainKind.of($1, isBuiltIn: false), from: $0, to: $1)
      }
    }
    return renames
  }
}

extension FamilySnapshot {
  /// The table, without chains where it is known not to exist; nil where nothing is known of it.
  fileprivate func known(_ name: TableName, _ family: IPFamily) -> TableSnapshot? {
    if let table = table(name) { return table }
    guard absentTables.contains(name) else { return nil }
    return TableSnapshot(
      content: TableContent(family: family, name: name, chains: []), counters: [],
      policyCounters: [])
  }
}
