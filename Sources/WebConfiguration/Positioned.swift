/// Where something stands in a text: a line and a column, both counted from 1.
public struct TextPosition: Sendable, Hashable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// A value, and where in the file it was given.
public struct Positioned<Value: Sendable>: Sendable {
  public let value: Value
  public let position: TextPosition

  public init(_ value: Value, at position: TextPosition) {
    self.value = value
    self.position = position
  }
}
