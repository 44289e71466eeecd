package import Churn
package import KubeProxy
package import Netfilter
internal import Platform

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

  mutating func take(_ transition: TableTransition, at time: Moment) {
    for rules in transition.changedRules {
      let difference = rules.change.difference
      let moves = difference.moved.lazy.map(RuleEvent.init)
      if rules.change.newIndex != nil, RuleScope(rules.chain) == .dispatch {
        Self.add(moves, of: rules, in: transition, to: &dispatchMoves, at: time)
      } else {
        Self.add(moves, of: rules, in: transition, to: &changes, at: time)
      }
      let removed = difference.removed.lazy.map { RuleEvent.removed(from: $0) }
      Self.add(removed, of: rules, in: transition, to: &changes, at: time)
      let added = difference.added.lazy.map { RuleEvent.added(at: $0) }
      Self.add(added, of: rules, in: transition, to: &changes, at: time)
    }
  }

  /// Adds changes of one reading: as many as there is room for are made, however many there are.
  private static func add(
    _ events: some Collection<RuleEvent>, of rules: ChangedRules, in transition: TableTransition,
    to batches: inout [Batch], at time: Moment
  ) {
    if events.isEmpty { return }
    if batches.last?.time != time { batches.append(Batch(time: time)) }
    let last = batches.count - 1
    for event in events.prefix(capacity - batches[last].changes.count) {
      guard let rule = rules.rule(of: event) else { continue }
      batches[last].changes.append(
        RuleChange(
          event: event, family: transition.family, table: transition.table,
          chain: rules.change.name, owner: rules.servicePort(of: event), rule: rule))
    }
    batches[last].count += events.count
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

/// One rule that was added, removed or moved between two readings.
package struct RuleChange: Sendable {
  package let event: RuleEvent
  package let family: IPFamily
  package let table: TableName
  package let chain: ChainName
  /// Whose the rule is; nil where it belongs to no service port.
  package let owner: ServicePort?
  package let rule: Rule
}

/// When something happened, by two clocks: timestamps come from the one, ages from the other.
package struct Moment: Sendable, Hashable, Comparable {
  /// In seconds since 1970. It jumps where somebody, or NTP, sets the clock.
  package let wallClock: Double
  /// By a clock that never jumps, and that counts while the machine sleeps.
  package let instant: ContinuousClock.Instant

  package static func now() -> Moment { Moment(wallClock: WallClock.now, instant: .now) }

  /// The seconds from this moment to another.
  package func age(at now: Moment) -> Double { max(0, (now.instant - instant) / .seconds(1)) }

  package static func < (left: Moment, right: Moment) -> Bool { left.instant < right.instant }
}
