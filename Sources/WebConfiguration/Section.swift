/// A mapping of the configuration whose keys are known in advance.
///
/// A key without a value, such as `headers:`, counts as not given.
struct Section {
  private let values: [String: YAMLNode]

  /// Reads a mapping.
  ///
  /// - Parameters:
  ///   - node: The mapping; `nil` for a mapping without keys.
  ///   - name: Its name in messages.
  ///   - keys: The keys it may have.
  /// - Throws: ``TextFault`` if it is not a mapping, or has another key.
  init(_ node: YAMLNode?, named name: String, keys: [String]) throws(TextFault) {
    var values: [String: YAMLNode] = [:]
    for entry in try Self.entries(of: node, named: name) {
      let key = entry.key.value
      guard keys.contains(key) else {
        throw TextFault(
          at: entry.key.position,
          "unknown key \"\(key)\" in \(name) (known: \(keys.joined(separator: ", ")))")
      }
      values[key] = entry.value.isNull ? nil : entry.value
    }
    self.values = values
  }

  /// The entries of a mapping that may have any keys.
  static func entries(
    of node: YAMLNode?, named name: String
  ) throws(TextFault) -> [YAMLNode.Entry] {
    guard let node, !node.isNull else { return [] }
    guard case .mapping(let entries) = node.content else {
      throw TextFault(at: node.position, "\(name) must be a mapping, not \(node.kind)")
    }
    return entries
  }

  /// Whether none of the keys is given.
  var isEmpty: Bool { values.isEmpty }

  /// The value of a key, which may be of any kind.
  func node(_ key: String) -> YAMLNode? { values[key] }

  /// Whether the value of a key was written without quotes, as numbers and truth values must be.
  private func isPlain(_ key: String) -> Bool {
    if case .scalar(_, isPlain: true)? = values[key]?.content { true } else { false }
  }

  /// The text of a key; `nil` if it is not given or empty.
  func text(_ key: String) throws(TextFault) -> Positioned<String>? {
    guard let node = values[key] else { return nil }
    let text = try node.text(of: key)
    return text.value.isEmpty ? nil : text
  }

  /// The texts in the list of a key; none if it is not given.
  func texts(_ key: String) throws(TextFault) -> [Positioned<String>] {
    guard let node = values[key] else { return [] }
    guard case .sequence(let elements) = node.content else {
      throw TextFault(at: node.position, "\(key) must be a list, not \(node.kind)")
    }
    var texts: [Positioned<String>] = []
    for element in elements { texts.append(try element.text(of: "each of \(key)")) }
    return texts
  }

  /// Reads a truth value as YAML 1.1 writes it; `nil` if it is not given.
  func boolean(_ key: String) throws(TextFault) -> Bool? {
    guard let text = try text(key) else { return nil }
    guard isPlain(key) else {
      throw TextFault(
        at: text.position, "\(key) must be true or false, not the text \"\(text.value)\"")
    }
    switch text.value {
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": return true
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": return false
    default:
      throw TextFault(at: text.position, "\(key) must be true or false, not \"\(text.value)\"")
    }
  }

  /// Reads a key whose value is one of a few words; `nil` if it is not given.
  func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ key: String
  ) throws(TextFault) -> Choice? where Choice.RawValue == String {
    guard let text = try text(key) else { return nil }
    return try text.choice(for: key)
  }

  /// Reads a key whose value is a list, each element of which is one of a few words.
  func choices<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ key: String
  ) throws(TextFault) -> [Choice] where Choice.RawValue == String {
    var choices: [Choice] = []
    for text in try texts(key) { choices.append(try text.choice(for: key)) }
    return choices
  }
}

extension Section {
  /// Reads a whole number; `nil` if it is not given.
  func integer(_ key: String) throws(TextFault) -> Int? {
    guard let text = try text(key) else { return nil }
    guard isPlain(key), let value = Int(text.value) else {
      throw TextFault(at: text.position, "\(key) must be a whole number, not \"\(text.value)\"")
    }
    return value
  }

  /// Reads a time in Go's form, such as `1.5s` or `1m30s`; a bare number counts nanoseconds.
  func duration(_ key: String) throws(TextFault) -> Duration? {
    guard let text = try text(key) else { return nil }
    if isPlain(key), let nanoseconds = Int64(text.value) { return .nanoseconds(nanoseconds) }
    guard let duration = Self.duration(text.value) else {
      throw TextFault(
        at: text.position, "\(key) must be a time such as 100ms or 1m30s, not \"\(text.value)\"")
    }
    return duration
  }

  private static let units: [(name: String, seconds: Double)] = [
    ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60),
    ("h", 3600),
  ]

  /// Counterpart: Go's `time.ParseDuration`.
  private static func duration(_ text: String) -> Duration? {
    var rest = text[...]
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest.removeFirst() }
    if rest == "0" { return .zero }
    if rest.isEmpty { return nil }
    var seconds = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
      let name = rest[digits.endIndex...].prefix { $0 != "." && !("0"..."9").contains($0) }
      guard digits.contains(where: { $0 != "." }), let number = Double("0\(digits)"),
        let unit = units.first(where: { $0.name == name })
      else { return nil }
      seconds += number * unit.seconds
      rest = rest[name.endIndex...]
    }
    // Go counts nanoseconds in 64 bits.
    guard seconds < 9.2e9 else { return nil }
    return .seconds(isNegative ? -seconds : seconds)
  }
}

extension YAMLNode {
  /// The text of a single value; empty if the value is null.
  func text(of name: String) throws(TextFault) -> Positioned<String> {
    guard case .scalar(let text, _) = content else {
      throw TextFault(at: position, "\(name) must be a single value, not \(kind)")
    }
    return Positioned(isNull ? "" : text, at: position)
  }
}

extension Positioned<String> {
  fileprivate func choice<Choice: RawRepresentable & CaseIterable>(
    for key: String
  ) throws(TextFault) -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: value) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw TextFault(at: position, "\(key) can't be \"\(value)\" (known: \(known))")
    }
    return choice
  }
}

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
