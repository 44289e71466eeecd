internal import IPTablesSource
internal import KubeProxy
internal import Netfilter

/// Follows one address family from reading to reading.
struct FamilyTracker {
  private let backend: Backend
  private let family: IPFamily
  private let selection: ServiceSelection
  /// The last good reading, without its counters, and its interpretation.
  private var last: Understood?
  private var connections = ConnectionTotals()
  private var selected: SelectedServices?
  private var verdicts = ServiceSelection.Verdicts()

  private struct Understood {
    let contents: [TableName: TableContent]
    let map: ServiceMap
    let censuses: [TableName: KindCensus]
  }

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
      let new = understand(snapshot)
      for table in snapshot.tables { ledger.note(table.name, family) }
      if let last { record(from: last, to: new, at: time, in: &ledger) }
      connections.update(map: new.map, nat: snapshot.table(.nat))
      let selected = select(from: new.map, ledger)
      last = new
      self.selected = selected
      return FamilyState(
        backend: backend, family: family,
        outcome: .read(
          FamilyState.Reading(
            snapshot: snapshot, map: new.map, selected: selected, censuses: new.censuses,
            connections: connections.current)))
    }
  }

  /// Interprets a reading; what did not change is understood already.
  private func understand(_ snapshot: FamilySnapshot) -> Understood {
    let contents = Dictionary(
      uniqueKeysWithValues: snapshot.tables.map { ($0.name, $0.content) })
    let censuses = contents.mapValues { content in
      if let last, last.contents[content.name] === content,
        let census = last.censuses[content.name]
      {
        return census
      }
      return KindCensus(of: content)
    }
    if let last, last.contents[.nat] === contents[.nat],
      last.contents[.filter] === contents[.filter]
    {
      return Understood(contents: contents, map: last.map, censuses: censuses)
    }
    let map = ServiceMap(
      nat: contents[.nat], filter: contents[.filter], previous: last?.map)
    return Understood(contents: contents, map: map, censuses: censuses)
  }

  /// A table that was absent had no chains.
  private func record(
    from old: Understood, to new: Understood, at time: Double, in ledger: inout ChurnLedger
  ) {
    for name in Set(old.contents.keys).union(new.contents.keys).sorted() {
      let empty = TableContent(family: family, name: name, chains: [])
      ledger.record(
        from: ChurnLedger.Side(content: old.contents[name] ?? empty, map: old.map),
        to: ChurnLedger.Side(content: new.contents[name] ?? empty, map: new.map), at: time)
    }
    ledger.forgetGone(family, keeping: new.map, atMost: ConnectionTotals.rememberedServices)
  }

  private mutating func select(
    from map: ServiceMap, _ ledger: ChurnLedger
  ) -> SelectedServices {
    if let selected, last?.map === map, selected.ledgerRevision == ledger.revision {
      return selected
    }
    return SelectedServices(
      of: map, family: family,
      outcome: selection.select(from: map.services, remembering: &verdicts), ledger: ledger,
      previous: last.flatMap { last in selected.map { (last.map, $0) } })
  }
}
