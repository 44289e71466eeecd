internal import Netfilter

/// Which legacy tables exist and how large they are: where it differs from what it was, something
/// changed; where it doesn't, something may have all the same.
struct LegacyState: Equatable {
  private(set) var tables: [Identity: LoadedTables.Information] = [:]

  struct Identity: Hashable {
    let family: IPFamily
    let table: TableName
  }

  /// Takes in the state of now; 20 microseconds a table.
  ///
  /// - Returns: the tables that exist.
  /// - Throws: ``ReadingError`` where the kernel doesn't tell.
  mutating func update(_ family: IPFamily) throws(ReadingError) -> Set<TableName> {
    let loaded = try LoadedTables.names(family)
    for table in TableName.allCases {
      tables[Identity(family: family, table: table)] =
        loaded.contains(table) ? LoadedTables.information(of: table, family) : nil
    }
    return loaded
  }

  subscript(family: IPFamily, table: TableName) -> LoadedTables.Information? {
    tables[Identity(family: family, table: table)]
  }
}
