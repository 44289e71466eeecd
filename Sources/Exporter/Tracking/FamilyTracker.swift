internal import Churn
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// Follows one address family of one backend from reading to reading.
struct FamilyTracker {
  /// The last good reading and its interpretation.
  private var last: Understood?
  /// Nil where nobody wants to know.
  private var rules: RuleTotals?

  /// - Parameter rules: the rules whose counters are to be followed; nil for none.
  init(rules: RuleSelection?) { self.rules = rules.map(RuleTotals.init) }

  private struct Understood {
    let snapshot: FamilySnapshot
    let censuses: [TableName: KindCensus]
    /// Nil where nobody needed it.
    var map: ServiceMap?
    /// Whether changes from here to the next reading count.
    var isFollowed: Bool

    func content(_ table: TableName) -> TableContent? { snapshot.table(table)?.content }

    var side: ConnectionGrowth.Side? {
      map.map { ConnectionGrowth.Side(map: $0, nat: snapshot.table(.nat)) }
    }

    var landmarks: Landmarks {
      censuses.values.reduce(into: Landmarks()) { $0.formUnion($1.landmarks) }
    }
  }

  /// Where the changes are entered.
  struct Ledgers {
    var churn = ChurnLedger()
    var rewrites = RewriteLedger()
    var log = ChangeLog()
    var serviceTimes = ServiceChangeTimes()

    /// Enters the difference between two readings of a table.
    mutating func record(
      _ difference: TableDifference, from old: ChurnLedger.Side, to new: ChurnLedger.Side,
      at time: Moment
    ) {
      churn.record(difference, from: old, to: new, at: time)
      log.record(difference, from: old, to: new, at: time)
      serviceTimes.record(difference, from: old, to: new, at: time)
    }

    /// Forgets service ports that are gone, should there be very many.
    mutating func forgetGone(_ family: IPFamily, keeping present: ServiceMap) {
      let limit = ConnectionTotals.rememberedServices
      churn.forgetGone(family, keeping: present, atMost: limit)
      rewrites.forgetGone(family, keeping: present, atMost: limit)
      serviceTimes.forgetGone(family, keeping: present, atMost: limit)
    }
  }

  /// Takes in a reading: interprets it, enters its changes, and counts its new connections.
  ///
  /// A failed one changes nothing; the next good one is compared with the last good one. Changes count
  /// between two readings that follow the backend, not from one that doesn't nor to one.
  ///
  /// - Parameters:
  ///   - isServing: Whether the family's service ports are those to tell of.
  ///   - budget: What patterns may take.
  mutating func take(
    _ reading: FamilyReading, isServing: Bool, at time: Moment, in ledgers: inout Ledgers,
    within budget: inout MatchingBudget
  ) -> FamilyState {
    if !reading.isFollowed { pause() }
    let outcome: FamilyState.Outcome
    switch reading.result {
    case .failure(let error):
      outcome = .failed(error)
    case .success(let snapshot):
      let needsMap = reading.isFollowed || isServing
      if needsMap { interpretLast() }
      let new = understand(snapshot, needsMap: needsMap, isFollowed: reading.isFollowed)
      if new.isFollowed { record(new, at: time, in: &ledgers) }
      let services = new.side.map { side in
        FamilyState.Services(
          map: side.map, newConnections: ConnectionGrowth.between(last?.side, side))
      }
      outcome = .read(
        FamilyState.Reading(
          snapshot: snapshot, censuses: new.censuses, services: services,
          rules: reading.isFollowed ? rules?.take(snapshot, within: &budget) : nil))
      last = new
    }
    return FamilyState(
      backend: reading.backend, family: reading.family, isFollowed: reading.isFollowed,
      landmarks: last?.landmarks ?? [], outcome: outcome)
  }

  /// Counts no change from the last reading to the next.
  mutating func pause() { last?.isFollowed = false }

  // MARK: Interpreting

  /// Makes up for it where the last reading was not interpreted: what it counted is where the next
  /// one's counts begin.
  private mutating func interpretLast() {
    guard let snapshot = last?.snapshot, last?.map == nil else { return }
    last?.map = Self.interpret(snapshot, previous: nil)
  }

  private static func interpret(_ snapshot: FamilySnapshot, previous: ServiceMap?) -> ServiceMap {
    ServiceMap(
      nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content,
      previous: previous)
  }

  /// Interprets a reading; what did not change is understood already.
  private func understand(
    _ snapshot: FamilySnapshot, needsMap: Bool, isFollowed: Bool
  ) -> Understood {
    var censuses: [TableName: KindCensus] = [:]
    for table in snapshot.tables {
      let former = last?.censuses[table.name]
      let isKnown = last?.content(table.name) === table.content
      censuses[table.name] =
        (isKnown ? former : nil) ?? KindCensus(of: table.content, former: former)
    }
    var new = Understood(snapshot: snapshot, censuses: censuses, map: nil, isFollowed: isFollowed)
    guard needsMap else { return new }
    if let last, last.content(.nat) === new.content(.nat),
      last.content(.filter) === new.content(.filter), let map = last.map
    {
      new.map = map
    } else {
      new.map = Self.interpret(snapshot, previous: last?.map)
    }
    return new
  }

  // MARK: Changes

  /// Enters what came between the last reading and this one.
  private func record(_ new: Understood, at time: Moment, in ledgers: inout Ledgers) {
    let family = new.snapshot.family
    for table in new.snapshot.tables { ledgers.churn.note(table.name, family) }
    guard let last, last.isFollowed, let oldMap = last.map, let newMap = new.map else { return }
    for name in Set((last.snapshot.tables + new.snapshot.tables).lazy.map(\.name)).sorted() {
      let (old, new) = (last.snapshot.table(name), new.snapshot.table(name))
      // A table that was absent had no chains.
      let empty = TableContent(family: family, name: name, chains: [])
      let (oldContent, newContent) = (old?.content ?? empty, new?.content ?? empty)
      let difference =
        oldContent === newContent ? nil : TableDifference(from: oldContent, to: newContent)
      if let difference {
        ledgers.record(
          difference, from: ChurnLedger.Side(content: oldContent, map: oldMap),
          to: ChurnLedger.Side(content: newContent, map: newMap), at: time)
      }
      if let old, let new {
        ledgers.rewrites.record(from: old, to: new, difference, map: newMap)
      }
    }
    ledgers.forgetGone(family, keeping: newMap)
  }
}
