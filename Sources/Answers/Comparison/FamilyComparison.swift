internal import Churn
internal import KubeProxy
internal import Netfilter

/// An address family on both sides: the tables that are compared, and those that can't be.
struct FamilyComparison {
  let family: IPFamily
  let old: FamilySide
  let new: FamilySide
  private(set) var tables: [TableComparison]
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

extension FamilyComparison {
  /// A chain of another kind than service ports' that has another name.
  struct Rename {
    let table: TableName
    let kind: String
    let from: ChainName
    let to: ChainName
  }

  /// Takes the new names of chains for the old ones, and returns those chains that have the same rules
  /// then: what differs still is more than names.
  mutating func takeRenames() -> [Rename] {
    var renames: [Rename] = []
    for (index, table) in tables.enumerated() {
      let names = ChainRenames(table, isEligible: { !isServices($0, table) }).names
      if names.isEmpty { continue }
      tables[index] = table.renaming(names)
      let changes = tables[index].difference.changedChains.filter {
        !$0.difference.added.isEmpty || !$0.difference.removed.isEmpty
      }
      let others = Set(changes.map(\.name))
      renames += names.filter { !others.contains($0.value) }.sorted { $0.key < $1.key }.map {
        Rename(
          table: table.name, kind: ChainKind.of($1, isBuiltIn: false), from: $0, to: $1)
      }
    }
    return renames
  }

  /// Whether a chain that came or went is built in, or kube-proxy's for services.
  private func isServices(_ change: ChangedChain, _ table: TableComparison) -> Bool {
    guard let chain = table.chain(of: change) else { return true }
    switch RuleScope(chain) {
    case .hook, .dispatch: return true
    case .system, .other: return false
    case .service:
      let owners = ChainOwners(change, table, self)
      return chain.rules.indices.contains { position in
        (change.newIndex == nil ? owners.oldOwner(position) : owners.newOwner(position)) != nil
      }
    }
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
