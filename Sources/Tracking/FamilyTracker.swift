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
  /// - Parameter isServing: Whether the family's service ports are those to report.
  mutating func take(
    _ reading: FamilyReading, isServing: Bool, at time: Moment, in ledger: inout ChurnLedger,
    within budget: inout MatchingBudget
  ) -> FamilyState {
    if !reading.isFollowed { pause() }
    let result: Result<FamilyState.Reading, ReadingError>
    switch reading.result {
    case .failure(let error):
      result = .failure(error)
    case .success(let snapshot):
      let needsMap = reading.isFollowed || isServing
      if needsMap { interpretLast() }
      let (new, pairings, differences) = understand(
        snapshot, needsMap: needsMap, isFollowed: reading.isFollowed)
      let transitions = new.isFollowed ? transitions(to: new, differences) : [:]
      if new.isFollowed { record(new, transitions, at: time, in: &ledger) }
      let services = new.side.map { side in
        FamilyState.Services(
          map: side.map, newConnections: ConnectionGrowth.between(last?.side, side, pairings[.nat]))
      }
      result = .success(
        FamilyState.Reading(
          snapshot: snapshot, censuses: new.censuses, services: services,
          rules: reading.isFollowed ? rules?.take(snapshot, transitions, within: &budget) : nil))
      last = new
    }
    return FamilyState(
      backend: reading.backend, family: reading.family, isFollowed: reading.isFollowed,
      landmarks: last?.landmarks ?? [], result: result)
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

  /// Interprets a reading; what did not change is understood already. Returns also, of the tables that both
  /// readings have and that changed, where the chains stood, and, where changes count, what differs.
  private func understand(
    _ snapshot: FamilySnapshot, needsMap: Bool, isFollowed: Bool
  ) -> (Understood, [TableName: ChainPairing], [TableName: TableDifference]) {
    let last = last
    var pairings: [TableName: ChainPairing] = [:]
    for new in snapshot.tables {
      guard let old = last?.content(new.name), old !== new.content else { continue }
      pairings[new.name] = ChainPairing(from: old, to: new.content)
    }
    let countsChanges = isFollowed && last?.isFollowed == true
    let isOther = snapshot.tables.contains { last?.content($0.name) !== $0.content }
    let (map, (censuses, differences)) = Parallel.both(
      isLarge: isOther && snapshot.isLarge
    ) { [pairings] in
      needsMap ? Self.map(of: snapshot, last, pairings[.nat]) : nil
    } _: { [pairings] in
      var censuses: [TableName: KindCensus] = [:]
      var differences: [TableName: TableDifference] = [:]
      for new in snapshot.tables {
        let (name, former) = (new.name, last?.censuses[new.name])
        guard let pairing = pairings[name], let old = last?.content(name) else {
          censuses[name] = former ?? KindCensus(of: new.content)
          continue
        }
        censuses[name] = KindCensus(of: new.content, former: former.map { ($0, pairing) })
        if countsChanges {
          differences[name] = TableDifference(from: old, to: new.content, pairing)
        }
      }
      return (censuses, differences)
    }
    let new = Understood(
      snapshot: snapshot, censuses: censuses, map: map, isFollowed: isFollowed)
    return (new, pairings, differences)
  }

  /// - Parameter pairing: Of nat's chains with the last reading's.
  private static func map(
    of snapshot: FamilySnapshot, _ last: Understood?, _ pairing: ChainPairing?
  ) -> ServiceMap {
    guard let last, let map = last.map else { return ServiceMap(of: snapshot) }
    let isSame = [.nat, .filter].allSatisfy { last.content($0) === snapshot.table($0)?.content }
    return isSame ? map : ServiceMap(of: snapshot, previous: map, pairing: pairing)
  }

  // MARK: Changes

  /// Returns what changed in each table since the last reading; nothing where changes don't count.
  ///
  /// - Parameter differences: Of tables that both readings have.
  private func transitions(
    to new: Understood, _ differences: [TableName: TableDifference]
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
      let (old, now) = (side(last, name, oldMap), side(new, name, newMap))
      transitions[name] = TableTransition(from: old, to: now, differences[name])
    }
    return transitions
  }

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

extension FamilySnapshot {
  /// Whether what is made of it is worth a second processor.
  var isLarge: Bool { tables.contains { $0.content.chains.count >= Parallel.pieceSize } }
}

/// How many chains and rules of each kind a table has, and what its chains show.
package struct KindCensus: Sendable {
  package struct Count: Sendable {
    package var chains = 0
    package var rules = 0
  }

  let landmarks: Landmarks
  /// The kinds that occur, in the order of their first chains.
  private let names: [String]
  /// For each of the names.
  private let counts: [Count]
  /// For each chain, the position of its kind among ``names``.
  private let positions: [UInt8]

  /// - Parameter former: That of an earlier content, and where the chains stood in it: the kinds of those
  ///   are known.
  init(
    of content: TableContent, former: (census: KindCensus, pairing: ChainPairing)? = nil
  ) {
    var landmarks: Landmarks = []
    var names = former?.census.names ?? []
    var counts = Array(repeating: Count(), count: names.count)
    let builtIn = names.firstIndex(of: ChainKind.builtIn)
    // By index: a copy of each chain would touch its rules' storage.
    let chains = content.chains
    var positions: [UInt8] = []
    positions.reserveCapacity(chains.count)
    for index in chains.indices {
      let formerly = former.flatMap { former in
        former.pairing.former(of: index).map { Int(former.census.positions[$0]) }
      }
      let kind: Int
      // A chain may have become a built-in one.
      if let formerly, (formerly == builtIn) == chains[index].isBuiltIn {
        kind = formerly
      } else {
        kind = Self.position(of: ChainKind.of(chains[index]), in: &names)
      }
      positions.append(UInt8(kind))
      if kind == counts.count { counts.append(Count()) }
      counts[kind].chains += 1
      counts[kind].rules += chains[index].rules.count
      landmarks.formUnion(Landmarks.of(content, chainAt: index))
    }
    self.names = names
    self.counts = counts
    self.positions = positions
    self.landmarks = landmarks
  }

  /// By kind, sorted.
  package var sorted: [(kind: String, count: Count)] {
    zip(names, counts).filter { $0.1.chains > 0 }.sorted { $0.0 < $1.0 }
      .map { (kind: $0.0, count: $0.1) }
  }

  /// There are a few dozen kinds.
  private static func position(of kind: String, in names: inout [String]) -> Int {
    if let position = names.firstIndex(of: kind) { return position }
    names.append(kind)
    return names.count - 1
  }
}
