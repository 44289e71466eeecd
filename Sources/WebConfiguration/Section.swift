/// A mapping of the configuration whose keys are known, with its values by their key.
///
/// A key without a value, such as `headers:`, counts as not given.
struct Section {
  private let values: [String: YAMLNode]

  /// Reads a mapping.
  ///
  /// - Parameters:
  ///   - node: The mapping; `nil` for one without keys.
  ///   - name: How messages call it.
  ///   - keys: The keys it may have.
  /// - Throws: ``TextFault`` where it is no mapping, or has another key.
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

  /// The keys and values of a mapping of any keys.
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

  /// The value of a key, whatever it is.
  func node(_ key: String) -> YAMLNode? { values[key] }

  /// Whether the value of a key was written without quotes: a number or a truth value, and no text.
  func isPlain(_ key: String) -> Bool {
    if case .scalar(_, isPlain: true)? = values[key]?.content { true } else { false }
  }

  /// The text of a key; `nil` where it is not given, or empty.
  func text(_ key: String) throws(TextFault) -> Positioned<String>? {
    guard let node = values[key] else { return nil }
    let text = try node.text(of: key)
    return text.value.isEmpty ? nil : text
  }

  /// The texts in the list of a key; none where it is not given.
  func texts(_ key: String) throws(TextFault) -> [Positioned<String>] {
    guard let node = values[key] else { return [] }
    guard case .sequence(let elements) = node.content else {
      throw TextFault(at: node.position, "\(key) must be a list, not \(node.kind)")
    }
    var texts: [Positioned<String>] = []
    for element in elements { texts.append(try element.text(of: "each of \(key)")) }
    return texts
  }

  /// Checks that a key, where it is given, is true or false as YAML 1.1 writes them.
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

  /// The value of a key that is one of a few words.
  func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ key: String
  ) throws(TextFault) -> Choice? where Choice.RawValue == String {
    guard let text = try text(key) else { return nil }
    return try text.choice(for: key)
  }

  /// The list of a key whose elements are each one of a few words.
  func choices<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ key: String
  ) throws(TextFault) -> [Choice] where Choice.RawValue == String {
    var choices: [Choice] = []
    for text in try texts(key) { choices.append(try text.choice(for: key)) }
    return choices
  }
}

extension YAMLNode {
  /// The text of a single value; empty where it stands for nothing.
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
