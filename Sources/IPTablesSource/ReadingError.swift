public import Netfilter

/// Why a reading failed: what was tried, the system's code where there is one, and the cause in the
/// words of whoever refused.
public struct ReadingError: Error, Sendable, Hashable {
  public enum Operation: Sendable, Hashable {
    /// Finding out which tables exist.
    case listTables(IPFamily)
    /// Taking a table from the kernel.
    case readTable(IPFamily, TableName)
    /// Asking nf_tables for its tables.
    case readNFTables(IPFamily)
    /// Reading a saved file.
    case readFile(path: String)
    /// Understanding a line of what was saved; lines are counted from 1.
    case parseLine(number: Int, text: String)
  }

  public let operation: Operation
  /// The `errno` of the failure; nil where no system call failed.
  public let code: Int32?
  /// Such as libiptc's "Permission denied (you must be root)".
  public let cause: String
  /// The file of a line that wasn't understood; nil where whoever reads it knows.
  public let path: String?

  public init(operation: Operation, code: Int32? = nil, cause: String, path: String? = nil) {
    self.operation = operation
    self.code = code
    self.cause = cause
    self.path = path
  }
}

extension ReadingError: CustomStringConvertible {
  public var description: String {
    switch operation {
    case .listTables(let family): "cannot list the \(family.rawValue) tables: \(cause)"
    case .readTable(let family, let table):
      "cannot read the \(family.rawValue) table \(table.rawValue): \(cause)"
    case .readNFTables(let family): "cannot read nf_tables' \(family.rawValue) rules: \(cause)"
    case .readFile(let path): "cannot read \(path): \(cause)"
    case .parseLine(let number, let text):
      (path.map { "\($0): " } ?? "") + "line \(number): \(cause)"
        + (text.isEmpty ? "" : ": \(text)")
    }
  }
}
