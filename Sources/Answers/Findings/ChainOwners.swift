internal import Churn
internal import KubeProxy
internal import Netfilter

/// Whose the rules of a chain are that changed, and where they stand.
struct ChainOwners {
  private let change: ChangedChain
  private let table: TableComparison
  private let comparison: FamilyComparison
  let places: ChangedPlacements

  init(_ change: ChangedChain, _ table: TableComparison, _ comparison: FamilyComparison) {
    self.change = change
    self.table = table
    self.comparison = comparison
    places = ChangedPlacements(
      from: change.oldIndex.map { table.old.content.chains[$0] },
      to: change.newIndex.map { table.new.content.chains[$0] })
  }

  /// Calls `body` for each rule that was removed, added or moved. A removed rule is whose it was, any
  /// other whose it is.
  func forEach(_ body: (Change, ServicePort?, RulePlacement?) -> Void) {
    for position in change.difference.removed {
      body(.removed, oldOwner(position), places.common ?? places.removed(position))
    }
    for position in change.difference.added {
      body(.added, newOwner(position), places.common ?? places.added(position))
    }
    for move in change.difference.moved {
      body(
        .moved, newOwner(move.to) ?? oldOwner(move.from),
        places.common ?? places.moved(from: move.from, to: move.to))
    }
  }

  func oldOwner(_ position: Int) -> ServicePort? {
    change.oldIndex.flatMap { comparison.old.owner(table.old.content, chain: $0, position) }
  }

  func newOwner(_ position: Int) -> ServicePort? {
    change.newIndex.flatMap { comparison.new.owner(table.new.content, chain: $0, position) }
  }
}
