internal import ArgumentParser
internal import Netfilter

/// Tables, as a list separated by commas.
struct TableList: ExpressibleByArgument {
  let tables: Set<TableName>

  init?(argument: String) {
    var tables: Set<TableName> = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let table = TableName(rawValue: String(name)) else { return nil }
      tables.insert(table)
    }
    self.tables = tables
  }
}
