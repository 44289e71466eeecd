internal import KubeProxy
internal import Netfilter

/// An address family on both sides: the tables that are compared, and those that can't be.
struct FamilyComparison {
  let family: IPFamily
  let old: FamilySide
  let new: FamilySide
  let tables: [TableComparison]
  let notCompared: [UncomparedTable]

  /// - Parameters:
  ///   - old: The family on the old side; nil where it doesn't have it.
  ///   - new: The same on the new side.
  init(_ family: IPFamily, from old: FamilySnapshot?, to new: FamilySnapshot?) {
    self.family = family
    var pairs: [(old: TableSnapshot, new: TableSnapshot)] = []
    var notCompared: [UncomparedTable] = []
    for name in TableName.allCases.sorted() {
      switch (old?.known(name, family), new?.known(name, family)) {
      case (let old?, let new?): pairs.append((old, new))
      case (nil, nil): break
      case (nil, let new?):
        if !new.content.chains.isEmpty {
          notCompared.append(UncomparedTable(family: family, table: name, missing: .old))
        }
      case (let old?, nil):
        if !old.content.chains.isEmpty {
          notCompared.append(UncomparedTable(family: family, table: name, missing: .new))
        }
      }
    }
    tables = pairs.map { TableComparison(from: $0.old, to: $0.new) }
    self.notCompared = notCompared
    self.old = FamilySide(
      FamilySnapshot(backend: old?.backend ?? .legacy, family: family, tables: pairs.map(\.old)))
    self.new = FamilySide(
      FamilySnapshot(backend: new?.backend ?? .legacy, family: family, tables: pairs.map(\.new)),
      previous: self.old.map)
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
