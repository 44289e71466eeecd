internal import Churn
package import KubeProxy
package import Netfilter

/// The last rules that changed, of all tables.
///
/// Moves in dispatch chains are kept apart: kube-proxy fills those chains in random order at every
/// sync, and nothing else would be left to see.
package struct ChangeLog: Sendable {
  /// What changed from one reading to the next.
  package struct Batch: Sendable {
    /// When the later reading was made.
    package let time: Moment
    /// The first of the changes.
    package fileprivate(set) var changes: [RuleChange] = []
    /// How many there were, those without an entry included.
    package fileprivate(set) var count = 0

    /// The entries that a condition holds for, as a batch of their own; nil where there are none.
    package func filtered(_ isIncluded: (RuleChange) -> Bool) -> Batch? {
      let some = changes.filter(isIncluded)
      return some.isEmpty ? nil : Batch(time: time, changes: some, count: some.count)
    }
  }

  /// So many rules are kept.
  package static let capacity = 50

  /// Oldest first.
  package private(set) var changes: [Batch] = []
  /// The moves in dispatch chains; oldest first.
  package private(set) var dispatchMoves: [Batch] = []

  /// Enters the changes of a table.
  mutating func take(_ transition: TableTransition, at time: Moment) {
    for rules in transition.changedRules {
      let (change, writer) = (rules.change, Writer(rules: rules, transition: transition))
      let moves = change.difference.moved
      if change.newIndex != nil, RuleScope(rules.chain) == .dispatch {
        Self.add(moves.count, to: &dispatchMoves, at: time) { writer.moved(moves[$0]) }
      } else {
        Self.add(moves.count, to: &changes, at: time) { writer.moved(moves[$0]) }
      }
      let removed = change.difference.removed
      Self.add(removed.count, to: &changes, at: time) { writer.removed(removed[$0]) }
      let added = change.difference.added
      Self.add(added.count, to: &changes, at: time) { writer.added(added[$0]) }
    }
  }

  /// Adds changes of one reading: as many as there is room for are made, however many there are.
  private static func add(
    _ count: Int, to batches: inout [Batch], at time: Moment, make: (Int) -> RuleChange?
  ) {
    if count == 0 { return }
    if batches.last?.time != time { batches.append(Batch(time: time)) }
    let last = batches.count - 1
    let room = capacity - batches[last].changes.count
    for index in 0..<min(room, count) {
      if let change = make(index) { batches[last].changes.append(change) }
    }
    batches[last].count += count
    batches = Self.last(batches)
  }

  /// The last of the batches, which are in the order of time: of their changes no more than there is
  /// room for.
  package static func last(_ batches: [Batch]) -> [Batch] {
    var last: [Batch] = []
    var room = capacity
    for var batch in batches.reversed() where room > 0 {
      batch.changes.removeLast(max(0, batch.changes.count - room))
      room -= batch.changes.count
      last.append(batch)
    }
    return last.reversed()
  }
}

/// Makes the entries of one chain.
private struct Writer {
  let rules: ChangedRules
  let transition: TableTransition

  func added(_ position: Int) -> RuleChange? {
    entry(.added(at: position), rules.owner(ofAdded: position), rules.rule(added: position))
  }

  func removed(_ position: Int) -> RuleChange? {
    entry(.removed(from: position), rules.owner(ofRemoved: position), rules.rule(removed: position))
  }

  func moved(_ move: ChainDifference.Move) -> RuleChange? {
    entry(
      .moved(from: move.from, to: move.to), rules.owner(ofMoved: move), rules.rule(added: move.to))
  }

  private func entry(
    _ kind: RuleChange.Kind, _ owner: ChangedRules.Owner?, _ rule: Rule?
  ) -> RuleChange? {
    guard let rule else { return nil }
    return RuleChange(
      kind: kind, family: transition.family, table: transition.table, chain: rules.change.name,
      owner: owner.map(rules.port), rule: rule)
  }
}

/// One rule that was added, removed or moved between two readings.
package struct RuleChange: Sendable {
  /// What happened; positions are counted from 0.
  package enum Kind: Sendable, Hashable {
    case added(at: Int)
    case removed(from: Int)
    case moved(from: Int, to: Int)
  }

  package let kind: Kind
  package let family: IPFamily
  package let table: TableName
  package let chain: ChainName
  /// Whose the rule is; nil where it belongs to no service port.
  package let owner: ServicePort?
  package let rule: Rule
}
