public import Netfilter

/// Reads the kernel's legacy tables of this thread's network namespace through libiptc.
///
/// Takes no lock and creates nothing: a table that isn't loaded is reported as absent. Needs
/// CAP_NET_RAW for libiptc's socket and CAP_NET_ADMIN to read.
public final class LegacySource: RulesetSource {
  private let families: [IPFamily]
  private let tables: Set<TableName>
  private var readers: [LegacyState.Identity: LegacyTableReader] = [:]
  private let sets = SetNames()
  /// As the last reading found it.
  private var state = LegacyState()
  /// Whether the kubelet left its hint in the mangle table of either family.
  private(set) var hasHint = false
  /// The mangle tables that were looked through for it.
  private var searched: [IPFamily: LoadedTables.Information] = [:]
  private var hints: [IPFamily: Bool] = [:]

  public init(tables: Set<TableName>, families: Set<IPFamily> = Set(IPFamily.allCases)) {
    self.tables = tables
    self.families = families.sorted()
  }

  /// Reads all counters: the kernel hands them over with the rules.
  public func read(_: CounterSelection) -> RulesetReading {
    if sets.renew() { readers.values.forEach { $0.forgetRules() } }
    return RulesetReading(
      families: families.map { family in
        FamilyReading(
          backend: .legacy, family: family,
          result: Result { () throws(ReadingError) in try read(family) })
      }, counters: .all)
  }

  /// Whether a table came, went, or has another number of rules or another size.
  public func mayHaveChanged() -> Bool {
    var now = LegacyState()
    for family in families where (try? now.update(family)) == nil { return false }
    return now != state
  }

  private func read(_ family: IPFamily) throws(ReadingError) -> FamilySnapshot {
    // Looked at before the rules are read: what changes in between shows at the next look.
    let loaded = try state.update(family)
    try searchHint(family)
    var snapshots: [TableSnapshot] = []
    for table in tables.intersection(loaded).sorted() {
      let size = state[family, table].map { Int($0.size) }
      snapshots.append(try reader(family, table).read(size: size))
    }
    return FamilySnapshot(
      backend: .legacy, family: family, tables: snapshots,
      absentTables: tables.subtracting(loaded).sorted())
  }

  private func reader(_ family: IPFamily, _ table: TableName) -> LegacyTableReader {
    let identity = LegacyState.Identity(family: family, table: table)
    if let reader = readers[identity] { return reader }
    let reader = LegacyTableReader(family: family, table: table, sets: sets)
    readers[identity] = reader
    return reader
  }

  /// Looks for the kubelet's chains in mangle, if that exists and changed.
  private func searchHint(_ family: IPFamily) throws(ReadingError) {
    let mangle = state[family, .mangle]
    if mangle != searched[family] {
      var hasHint = false
      if mangle != nil {
        let handle = try TableHandle(family: family, table: .mangle)
        unsafe handle.forEachChain { name in
          hasHint = hasHint || BackendEvidence.hints.contains(unsafe ChainName(cString: name))
        }
      }
      searched[family] = mangle
      hints[family] = hasHint
    }
    hasHint = hints.values.contains(true)
  }
}
