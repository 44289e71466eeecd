/// Makes a tree of a text that holds one YAML document.
///
/// Keys are text, and a key must not be repeated in a mapping. An alias becomes a copy of the value
/// that it names. Copies count as values, so that a short text can't become a huge tree.
struct YAMLComposer: ~Copyable {
  /// The depth of a document: deeper than any configuration, and no trouble for the stack.
  private static let maxDepth = 16

  /// How many values a document may have, copies included; more than any configuration has.
  private static let maxNodes = 100_000

  private var events: YAMLEventReader
  /// The value at each anchor so far, and the number of values in it.
  private var anchors: [String: (node: YAMLNode, count: Int)] = [:]
  private var nodeCount = 0

  /// Reads the root of the document; `nil` if the text is empty, or has only comments.
  ///
  /// - Throws: ``TextFault`` if the text is not such a document.
  static func compose(_ text: [UInt8]) throws(TextFault) -> YAMLNode? {
    var composer = YAMLComposer(events: YAMLEventReader(text))
    return try composer.document()
  }

  private init(events: consuming YAMLEventReader) {
    self.events = events
  }

  private mutating func document() throws(TextFault) -> YAMLNode? {
    var root: YAMLNode?
    while true {
      let event = try events.next()
      switch event.value {
      case .streamStart, .documentEnd:
        continue
      case .documentStart:
        guard root == nil else {
          throw TextFault(at: event.position, "a second document, where one is expected")
        }
        root = try node(from: try events.next(), depth: 0)
      default:
        return root
      }
    }
  }

  private mutating func node(
    from event: Positioned<YAMLEvent>, depth: Int
  ) throws(TextFault) -> YAMLNode {
    guard depth < Self.maxDepth else {
      throw TextFault(at: event.position, "nested too deeply")
    }
    let countBefore = nodeCount
    try count(1, at: event.position)
    let content: YAMLNode.Content
    let anchor: String?
    switch event.value {
    case .alias(let name): return try copy(of: name, at: event.position)
    case .scalar(let text, let isPlain, let name):
      (content, anchor) = (.scalar(text, isPlain: isPlain), name)
    case .sequenceStart(let name): (content, anchor) = (.sequence(try elements(depth: depth)), name)
    case .mappingStart(let name): (content, anchor) = (.mapping(try entries(depth: depth)), name)
    default: throw TextFault(at: event.position, "a value is missing")
    }
    let node = YAMLNode(content: content, position: event.position)
    if let anchor { anchors[anchor] = (node, nodeCount - countBefore) }
    return node
  }

  private mutating func copy(
    of name: String, at position: TextPosition
  ) throws(TextFault) -> YAMLNode {
    // An anchor is known only after the end of its value, so no value contains itself.
    guard let (node, count) = anchors[name] else {
      throw TextFault(at: position, "there is no anchor \"\(name)\" before this alias")
    }
    try self.count(count, at: position)
    return YAMLNode(content: node.content, position: position)
  }

  private mutating func count(_ count: Int, at position: TextPosition) throws(TextFault) {
    nodeCount += count
    guard nodeCount <= Self.maxNodes else {
      throw TextFault(at: position, "more than \(Self.maxNodes) values, copies by aliases included")
    }
  }

  private mutating func elements(depth: Int) throws(TextFault) -> [YAMLNode] {
    var elements: [YAMLNode] = []
    while true {
      let event = try events.next()
      if case .sequenceEnd = event.value { return elements }
      elements.append(try node(from: event, depth: depth + 1))
    }
  }

  private mutating func entries(depth: Int) throws(TextFault) -> [YAMLNode.Entry] {
    var entries: [YAMLNode.Entry] = []
    var lines: [String: Int] = [:]
    while true {
      let event = try events.next()
      if case .mappingEnd = event.value { return entries }
      guard case .scalar(let key, _) = try node(from: event, depth: depth + 1).content else {
        throw TextFault(at: event.position, "a key must be text")
      }
      if let line = lines.updateValue(event.position.line, forKey: key) {
        throw TextFault(
          at: event.position, "the key \"\(key)\" is given twice, first in line \(line)")
      }
      let value = try node(from: try events.next(), depth: depth + 1)
      entries.append(YAMLNode.Entry(key: Positioned(key, at: event.position), value: value))
    }
  }
}

/// A value in a YAML text, and the place where it begins.
struct YAMLNode: Sendable {
  enum Content: Sendable {
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Entry])
  }

  /// A key and its value.
  struct Entry: Sendable {
    let key: Positioned<String>
    let value: YAMLNode
  }

  let content: Content
  let position: TextPosition

  /// Whether it is null: `key:`, `key: null` or `key: ~`.
  var isNull: Bool {
    if case .scalar(let text, isPlain: true) = content {
      return ["", "~", "null", "Null", "NULL"].contains(text)
    }
    return false
  }

  /// The kind of value, for messages.
  var kind: String {
    switch content {
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
