internal import Churn
internal import Netfilter
package import Platform

/// What the rules of one family in one backend have counted, by series, summed over readings so that
/// it never falls.
package struct RuleTotals: Sendable {
  /// What the rules have counted until a reading.
  package struct Counts: Sendable {
    /// Sorted by table.
    package let tables: [RuleSeries]
    /// Stands for the counts: after a change there is a new object. The tables can't stand for themselves,
    /// because the next reading would have to copy a table that somebody holds.
    package let version: Version
    /// Why it isn't known of a rule whether it is selected.
    package let failure: MatchingError?
  }

  /// A table as it was last read, with its series.
  struct Table: Sendable {
    var snapshot: TableSnapshot
    var series: RuleSeries
  }

  private let selection: RuleSelection
  private var tables: [Table] = []
  /// The totals of series that are gone, should they come back.
  private var gone: [RuleSeries.Key: Counter] = [:]
  private var patterns = RuleMatcher.Memory()
  private var version = Version()

  package final class Version: Sendable {}

  init(_ selection: RuleSelection) { self.selection = selection }

  /// Adds what was counted since the former reading; before the first, since the rules were written.
  ///
  /// - Parameter transitions: Of the tables that changed since the former reading, as far as they are known.
  mutating func take(
    _ snapshot: FamilySnapshot, _ transitions: [TableName: TableTransition],
    within budget: inout MatchingBudget
  ) -> Counts {
    if isSame(snapshot), patterns.failure?.isFinal != false {
      var hasGrown = false
      for (index, new) in snapshot.tables.enumerated() {
        let growth = CounterGrowth(from: tables[index].snapshot, to: new)
        if tables[index].series.add({ growth.counted(from: $0, to: $0) }) { hasGrown = true }
        tables[index].snapshot = new
      }
      if hasGrown { version = Version() }
    } else {
      renew(snapshot, transitions, within: &budget)
      version = Version()
    }
    return Counts(tables: tables.map(\.series), version: version, failure: patterns.failure)
  }

  /// Whether every rule stands where it stood, and is known to be the same as the one that did.
  private func isSame(_ snapshot: FamilySnapshot) -> Bool {
    guard tables.count == snapshot.tables.count else { return false }
    return zip(tables, snapshot.tables).allSatisfy { old, new in
      old.snapshot.content === new.content
        && (!old.series.hasShared || old.snapshot.handles == new.handles)
    }
  }

  /// Makes the series of other rules than before.
  private mutating func renew(
    _ snapshot: FamilySnapshot, _ transitions: [TableName: TableTransition],
    within budget: inout MatchingBudget
  ) {
    var matcher = RuleMatcher(selection, remembering: patterns, within: budget)
    var builders = snapshot.tables.map { new in
      RuleSeriesBuilder(
        of: new, backend: snapshot.backend, from: tables.first { $0.snapshot.name == new.name },
        transitions[new.name]?.difference)
    }
    // A series that there is stays; others may have what is left.
    var room = selection.limit.map { limit in
      max(0, builders.reduce(limit) { $0 - $1.keptCount })
    }
    for index in builders.indices {
      builders[index].build(&matcher, room: &room, remembered: &gone)
      builders[index].addGrowth()
    }
    for table in tables {
      let builder = builders.first { $0.snapshot.name == table.snapshot.name }
      remember(table.series, builder?.entriesGone ?? Array(table.series.entries.indices))
    }
    tables = builders.map { Table(snapshot: $0.snapshot, series: $0.series) }
    (patterns, budget) = matcher.finish()
  }

  private mutating func remember(_ series: RuleSeries, _ entries: [Int]) {
    for entry in entries where series.totals[entry] != Counter() {
      if gone.count >= Self.rememberedSeries { gone.removeAll() }
      gone[series.key(of: entry)] = series.totals[entry]
    }
  }

  /// How many series that are gone are remembered at most.
  static let rememberedSeries = 10_000
}
