internal import IPTablesSource
internal import KubeProxy
internal import Netfilter

/// Follows one address family from reading to reading.
struct FamilyTracker {
  private let backend: Backend
  private let family: IPFamily
  private let selection: ServiceSelection
  /// The last good reading, and its interpretation.
  private var last: (snapshot: FamilySnapshot, map: ServiceMap)?
  private var connections = ConnectionTotals()
  private var selected: SelectedServices?
  private var censuses: [KindCensus] = []

  init(backend: Backend, family: IPFamily, selection: ServiceSelection) {
    self.backend = backend
    self.family = family
    self.selection = selection
  }

  /// Takes in a reading: interprets it, enters its changes in the ledger, adds up its connections.
  ///
  /// A failed one changes nothing; the next good one is compared with the last good one.
  mutating func take(
    _ result: Result<FamilySnapshot, ReadingError>, at time: Double, ledger: inout ChurnLedger
  ) -> FamilyState {
    switch result {
    case .failure(let error):
      return FamilyState(backend: backend, family: family, outcome: .failed(error))
    case .success(let snapshot):
      let map = interpret(snapshot)
      if let last {
        record(from: last, to: (snapshot, map), at: time, in: &ledger)
      }
      connections.update(
        from: last.map { ConnectionTotals.Side(map: $0.map, nat: $0.snapshot.table(.nat)) },
        to: ConnectionTotals.Side(map: map, nat: snapshot.table(.nat)))
      let selected = select(from: map, ledger)
      censuses = takeCensuses(snapshot)
      last = (snapshot, map)
      self.selected = selected
      return FamilyState(
        backend: backend, family: family,
        outcome: .read(
          FamilyState.Reading(
            snapshot: snapshot, map: map, selected: selected, censuses: censuses,
            connections: connections.current)))
    }
  }

  private func interpret(_ snapshot: FamilySnapshot) -> ServiceMap {
    let nat = snapshot.table(.nat)?.content
    let filter = snapshot.table(.filter)?.content
    if let last, last.snapshot.table(.nat)?.content === nat,
      last.snapshot.table(.filter)?.content === filter
    {
      return last.map
    }
    return ServiceMap(nat: nat, filter: filter, previous: last?.map)
  }

  /// A table that was absent had no chains.
  private func record(
    from old: (snapshot: FamilySnapshot, map: ServiceMap),
    to new: (snapshot: FamilySnapshot, map: ServiceMap), at time: Double,
    in ledger: inout ChurnLedger
  ) {
    let names = Set(old.snapshot.tables.map(\.name)).union(new.snapshot.tables.map(\.name))
    for name in names.sorted() {
      let empty = TableContent(family: family, name: name, chains: [])
      ledger.record(
        from: ChurnLedger.Side(
          content: old.snapshot.table(name)?.content ?? empty, map: old.map),
        to: ChurnLedger.Side(content: new.snapshot.table(name)?.content ?? empty, map: new.map),
        at: time)
    }
    ledger.forgetGone(family, keeping: new.map, atMost: ConnectionTotals.rememberedServices)
  }

  private func takeCensuses(_ snapshot: FamilySnapshot) -> [KindCensus] {
    snapshot.tables.map { table in
      if let index = last?.snapshot.tables.firstIndex(where: { $0.content === table.content }) {
        return censuses[index]
      }
      return KindCensus(of: table.content)
    }
  }

  private func select(from map: ServiceMap, _ ledger: ChurnLedger) -> SelectedServices {
    if let selected, last?.map === map, selected.ledgerRevision == ledger.revision {
      return selected
    }
    return SelectedServices(
      of: map, family: family, by: selection, ledger: ledger,
      previous: last.flatMap { last in selected.map { (last.map, $0) } })
  }
}
