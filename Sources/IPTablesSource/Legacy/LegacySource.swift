public import Netfilter
private import XTables

/// Reads the kernel's legacy tables of this thread's network namespace through libiptc.
///
/// Takes no lock and creates nothing: a table that isn't loaded is reported as absent. Needs
/// CAP_NET_RAW for libiptc's socket and CAP_NET_ADMIN to read.
public final class LegacySource: RulesetSource {
  private let families: [IPFamily]
  private let tables: Set<TableName>
  private let signs: NodeSigns
  private var readers: [LegacyState.Identity: LegacyTableReader] = [:]
  private let sets: SetNames
  private let xtables: XTables
  /// As the last reading found it.
  private var state = LegacyState()
  /// Whether the mangle table has one of the hints.
  private var hints: [IPFamily: Bool] = [:]

  public init(
    tables: Set<TableName>, families: Set<IPFamily> = Set(IPFamily.allCases),
    signs: NodeSigns = NodeSigns()
  ) {
    let sets = SetNames()
    self.sets = sets
    xtables = XTables { sets.name(of: $0) }
    self.tables = tables
    self.signs = signs
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

  /// Whether the mangle table of either family had one of the hints, at the last reading.
  var hasHint: Bool { hints.values.contains(true) }

  /// Whether a table came, went, or has another number of rules or another size.
  ///
  /// The kernel tells no more without handing over the rules. A rule in whose place another of the same
  /// size stands is seen by the next reading.
  public func mayHaveChanged() -> Bool {
    var now = LegacyState()
    for family in families where (try? now.update(family)) == nil { return false }
    return now != state
  }

  private func read(_ family: IPFamily) throws(ReadingError) -> FamilySnapshot {
    // Looked at before the rules are read: what changes in between shows at the next look.
    let loaded = try state.update(family)
    var snapshots: [TableSnapshot] = []
    for table in tables.intersection(loaded).sorted() {
      let size = state[family, table].map { Int($0.size) }
      snapshots.append(try reader(family, table).read(size: size))
    }
    hints[family] = try hasHint(family, snapshots, loaded)
    return FamilySnapshot(
      backend: .legacy, family: family, tables: snapshots,
      absentTables: tables.subtracting(loaded).sorted())
  }

  private func reader(_ family: IPFamily, _ table: TableName) -> LegacyTableReader {
    let identity = LegacyState.Identity(family: family, table: table)
    if let reader = readers[identity] { return reader }
    let reader = LegacyTableReader(family: family, table: table, xtables)
    readers[identity] = reader
    return reader
  }

  /// Looks for the hints in mangle, which need not be among the tables that are read.
  private func hasHint(
    _ family: IPFamily, _ snapshots: [TableSnapshot], _ loaded: Set<TableName>
  ) throws(ReadingError) -> Bool {
    if let mangle = snapshots.first(where: { $0.name == .mangle }) {
      return mangle.content.chains.contains { signs.hints.contains($0.name) }
    }
    guard !signs.hints.isEmpty, loaded.contains(.mangle) else { return false }
    var isThere = false
    let handle = try TableHandle(family: family, table: .mangle)
    unsafe handle.forEachChain { name in
      isThere = isThere || signs.hints.contains(unsafe ChainName(cString: name))
    }
    return isThere
  }
}
