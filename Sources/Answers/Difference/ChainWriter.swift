internal import Churn
internal import KubeProxy
internal import Netfilter

/// Makes a changed chain's rules into changes.
struct ChainWriter {
  let change: ChangedChain
  let table: TableComparison
  private let owners: ChainOwners

  init(_ change: ChangedChain, _ table: TableComparison, _ comparison: FamilyComparison) {
    self.change = change
    self.table = table
    owners = ChainOwners(change, table, comparison)
  }

  typealias Entry = (
    event: RulesetChange.Event, text: [UInt8], owner: ServicePort?, place: RulePlacement?
  )

  var chainEvent: RulesetChange.Event? {
    if change.oldIndex == nil { return .chainAdded }
    return change.newIndex == nil ? .chainRemoved : nil
  }

  /// Whose the chain is: that of its first rule.
  var chainOwner: ServicePort? {
    if change.newIndex != nil {
      return table.newRules(of: change).isEmpty ? nil : owners.newOwner(0)
    }
    return table.oldRules(of: change).isEmpty ? nil : owners.oldOwner(0)
  }

  /// The rules that were removed, then those that were added or moved, by position.
  var rules: [Entry] {
    let old = table.oldRules(of: change)
    let new = table.newRules(of: change)
    var entries: [Entry] = []
    for position in change.difference.removed {
      entries.append(
        (
          .ruleRemoved(from: position + 1), text(old[position]), owners.oldOwner(position),
          owners.places.removed(position)
        ))
    }
    var moved = change.difference.moved[...]
    func appendMoves(before position: Int) {
      while let move = moved.first, move.to < position {
        moved.removeFirst()
        let owner = owners.newOwner(move.to) ?? owners.oldOwner(move.from)
        entries.append(
          (
            .ruleMoved(from: move.from + 1, to: move.to + 1), text(new[move.to]), owner,
            owners.places.moved(from: move.from, to: move.to)
          ))
      }
    }
    for position in change.difference.added {
      appendMoves(before: position)
      entries.append(
        (
          .ruleAdded(at: position + 1), text(new[position]), owners.newOwner(position),
          owners.places.added(position)
        ))
    }
    appendMoves(before: .max)
    return entries
  }

  private func text(_ rule: Rule) -> [UInt8] { rule.bytes(in: change.name) }
}
