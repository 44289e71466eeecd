public import Netfilter

/// Reads the kernel's legacy tables of this thread's network namespace through libiptc.
///
/// Takes no lock and creates nothing: a table that isn't loaded is reported as absent. Needs
/// CAP_NET_RAW for libiptc's socket and CAP_NET_ADMIN to read.
public final class LegacySource: RulesetSource {
  private let families: [IPFamily]
  private let tables: Set<TableName>
  private var readers: [TableIdentity: LegacyTableReader] = [:]

  private struct TableIdentity: Hashable {
    let family: IPFamily
    let table: TableName
  }

  public init(tables: Set<TableName>, families: Set<IPFamily> = Set(IPFamily.allCases)) {
    self.tables = tables
    self.families = families.sorted()
  }

  /// Reads all counters: the kernel hands them over with the rules.
  public func read(_: CounterSelection) -> RulesetReading {
    RulesetReading(families: readFamilies())
  }

  private func readFamilies() -> [FamilyReading] {
    families.map { family in
      let result: Result<FamilySnapshot, ReadingError>
      do throws(ReadingError) {
        result = .success(try read(family))
      } catch {
        result = .failure(error)
      }
      return FamilyReading(backend: .legacy, family: family, result: result)
    }
  }

  public func mayHaveChanged() -> Bool { true }

  private func read(_ family: IPFamily) throws(ReadingError) -> FamilySnapshot {
    let loaded = try LoadedTables.names(family)
    var snapshots: [TableSnapshot] = []
    for table in tables.intersection(loaded).sorted() {
      snapshots.append(try reader(family, table).read())
    }
    return FamilySnapshot(
      backend: .legacy, family: family, tables: snapshots,
      absentTables: tables.subtracting(loaded).sorted())
  }

  private func reader(_ family: IPFamily, _ table: TableName) -> LegacyTableReader {
    let identity = TableIdentity(family: family, table: table)
    if let reader = readers[identity] { return reader }
    let reader = LegacyTableReader(family: family, table: table)
    readers[identity] = reader
    return reader
  }
}
