/// Makes the tree of a text that holds one YAML document.
///
/// Keys are text, and none stands twice in a mapping: the second would silently win.
struct YAMLComposer: ~Copyable {
  /// Deeper than any configuration, and no trouble for the stack.
  private static let maxDepth = 16

  private var events: YAMLEventReader

  /// The root of the document; `nil` where the text has none, or nothing but comments.
  ///
  /// - Throws: ``TextFault`` where the text is not such a document.
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
    let content: YAMLNode.Content =
      switch event.value {
      case .scalar(let text, let isPlain): .scalar(text, isPlain: isPlain)
      case .sequenceStart: .sequence(try elements(depth: depth))
      default: .mapping(try entries(depth: depth))
      }
    return YAMLNode(content: content, position: event.position)
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
      guard case .scalar(let key, _) = event.value else {
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
