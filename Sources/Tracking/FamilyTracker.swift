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

  init(_ subjects: TrackedSubjects) {
    rules = subjects.kinds.contains(.rules) ? RuleTotals(subjects.rules) : nil
  }

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

  /// Takes in a reading: interprets it, enters its changes, and counts its new connections.
  ///
  /// A failed one changes nothing; the next good one is compared with the last good one. Changes count
  /// between two readings that follow the backend, not from one that doesn't nor to one.
  ///
  /// - Parameters:
  ///   - isServing: Whether the family's service ports are those to tell of.
  ///   - budget: What patterns may take.
  mutating func take(
    _ reading: FamilyReading, isServing: Bool, at time: Moment, in ledger: inout ChurnLedger,
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
      let (new, pairings) = understand(
        snapshot, needsMap: needsMap, isFollowed: reading.isFollowed)
      let transitions = new.isFollowed ? transitions(to: new, pairings) : [:]
      if new.isFollowed { record(new, transitions, at: time, in: &ledger) }
      let services = new.side.map { side in
        FamilyState.Services(
          map: side.map, newConnections: ConnectionGrowth.between(last?.side, side, pairings[.nat]))
      }
      outcome = .read(
        FamilyState.Reading(
          snapshot: snapshot, censuses: new.censuses, services: services,
          rules: reading.isFollowed ? rules?.take(snapshot, transitions, within: &budget) : nil))
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
    last?.map = ServiceMap(of: snapshot)
  }

  /// Interprets a reading; what did not change is understood already. Returns also where the chains of
  /// tables that changed stood at the last reading.
  private func understand(
    _ snapshot: FamilySnapshot, needsMap: Bool, isFollowed: Bool
  ) -> (Understood, [TableName: ChainPairing]) {
    var pairings: [TableName: ChainPairing] = [:]
    var censuses: [TableName: KindCensus] = [:]
    for table in snapshot.tables {
      let (name, content) = (table.name, table.content)
      guard let former = last?.censuses[name], let old = last?.content(name) else {
        censuses[name] = KindCensus(of: content)
        continue
      }
      if old === content {
        censuses[name] = former
        continue
      }
      let pairing = ChainPairing(from: old, to: content)
      pairings[name] = pairing
      censuses[name] = KindCensus(of: content, former: (former, pairing))
    }
    var new = Understood(
      snapshot: snapshot, censuses: censuses, map: nil, isFollowed: isFollowed)
    guard needsMap else { return (new, pairings) }
    if let last, last.content(.nat) === new.content(.nat),
      last.content(.filter) === new.content(.filter), let map = last.map
    {
      new.map = map
    } else {
      new.map = ServiceMap(
        of: snapshot, previous: last?.map, pairing: last?.map == nil ? nil : pairings[.nat])
    }
    return (new, pairings)
  }

  // MARK: Changes

  /// Returns what changed in each table since the last reading; nothing where changes don't count.
  ///
  /// - Parameter pairings: Of the chains of tables that both readings have.
  private func transitions(
    to new: Understood, _ pairings: [TableName: ChainPairing]
  ) -> [TableName: TableTransition] {
    guard let last, last.isFollowed, let oldMap = last.map, let newMap = new.map else { return [:] }
    // A table that was absent had no chains.
    func side(_ side: Understood, _ name: TableName, _ map: ServiceMap) -> TableTransition.Side {
      let content = side.content(name)
      return TableTransition.Side(
        content: content ?? TableContent(family: side.snapshot.family, name: name, chains: []),
        map: map)
    }
    var transitions: [TableName: TableTransition] = [:]
    for name in Set((last.snapshot.tables + new.snapshot.tables).lazy.map(\.name))
    where last.content(name) !== new.content(name) {
      transitions[name] = TableTransition(
        from: side(last, name, oldMap), to: side(new, name, newMap), pairings[name])
    }
    return transitions
  }

  /// Enters what came between the last reading and this one.
  private func record(
    _ new: Understood, _ transitions: [TableName: TableTransition], at time: Moment,
    in ledger: inout ChurnLedger
  ) {
    for table in new.snapshot.tables { ledger.note(table.name, new.snapshot.family) }
    guard let last, last.isFollowed, last.map != nil, let map = new.map else { return }
    for (_, transition) in transitions.sorted(by: { $0.key < $1.key }) {
      ledger.take(transition, at: time)
    }
    for table in new.snapshot.tables {
      guard let old = last.snapshot.table(table.name) else { continue }
      ledger.addRewrites(
        from: old, to: table, transitions[table.name]?.difference, map: map)
    }
    ledger.forgetGone(
      new.snapshot.family, keeping: map, atMost: ConnectionTotals.rememberedServices)
  }
}
