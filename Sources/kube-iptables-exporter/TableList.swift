internal import ArgumentParser
internal import Netfilter

/// Tables, as a list separated by commas.
struct TableList: ExpressibleByArgument, CustomStringConvertible {
  let tables: Set<TableName>

  init(tables: Set<TableName>) { self.tables = tables }

  init?(argument: String) {
    var tables: Set<TableName> = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let table = TableName(rawValue: String(name)) else { return nil }
      tables.insert(table)
    }
    self.tables = tables
  }

  var defaultValueDescription: String { description }
  var description: String { tables.sorted(by: >).map(\.rawValue).joined(separator: ",") }
}
