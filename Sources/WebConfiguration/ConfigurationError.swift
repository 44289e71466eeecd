/// A fault of a web configuration file, and its place.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
  /// The file's path, as it was given to the program.
  public let path: String

  /// The place in the file; `nil` if the fault concerns the whole file.
  public let position: TextPosition?

  /// What is wrong, in a few words.
  public let reason: String

  public init(path: String, position: TextPosition?, reason: String) {
    self.path = path
    self.position = position
    self.reason = reason
  }

  /// One line for the operator: `web.yml:2:3: unknown key "cert" in tls_server_config`.
  public var description: String {
    guard let position else { return "\(path): \(reason)" }
    return "\(path):\(position.line):\(position.column): \(reason)"
  }
}

/// A fault of a text, before the path of its file is added.
struct TextFault: Error, Hashable {
  let position: TextPosition
  let reason: String

  init(at position: TextPosition, _ reason: String) {
    self.position = position
    self.reason = reason
  }
}

/// A place in a text: a line and a column, both counted from 1.
public struct TextPosition: Sendable, Hashable {
  public let line: Int
  public let column: Int
}

/// A value, and its place in the file.
public struct Positioned<Value: Sendable>: Sendable {
  public let value: Value
  public let position: TextPosition

  init(_ value: Value, at position: TextPosition) {
    self.value = value
    self.position = position
  }
}
