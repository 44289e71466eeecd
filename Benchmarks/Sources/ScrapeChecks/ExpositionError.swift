/// What is wrong with a page of metrics, and where.
package struct ExpositionError: Error, CustomStringConvertible {
  /// The line, counted from 1.
  package let line: Int
  /// What the line says.
  package let text: String
  package let reason: String

  package var description: String { "line \(line): \(reason): \(text)" }
}
