/// What is wrong with a web configuration file, and where.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
  /// The file, as it was named to the program.
  public let path: String

  /// The place in the file; `nil` where the file as a whole is meant.
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

/// What is wrong with a text whose file is not known here.
struct TextFault: Error, Hashable {
  let position: TextPosition
  let reason: String

  init(at position: TextPosition, _ reason: String) {
    self.position = position
    self.reason = reason
  }
}
