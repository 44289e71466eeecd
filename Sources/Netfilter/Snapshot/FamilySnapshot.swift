/// The tables of one address family in one backend, from one reading.
public struct FamilySnapshot: Sendable {
  public let backend: Backend
  public let family: IPFamily
  /// The tables that exist, sorted by name.
  public let tables: [TableSnapshot]
  /// The tables that were asked for and do not exist.
  public let absentTables: [TableName]

  public init(
    backend: Backend, family: IPFamily, tables: [TableSnapshot], absentTables: [TableName] = []
  ) {
    self.backend = backend
    self.family = family
    self.tables = tables.sorted { $0.name < $1.name }
    self.absentTables = absentTables
  }

  /// The table of that name; nil where it doesn't exist or was not asked for.
  public func table(_ name: TableName) -> TableSnapshot? { tables.first { $0.name == name } }
}
