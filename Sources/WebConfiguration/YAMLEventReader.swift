internal import CYAML

/// Reads a YAML text event by event.
///
/// Tags are refused, because a configuration has no use for them.
///
/// Counterpart: `yaml_parser_t`.
@safe
struct YAMLEventReader: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  // The parser keeps a pointer to it.
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// Creates a reader of a text in UTF-8.
  init(_ text: [UInt8]) {
    unsafe input = .allocate(capacity: text.count)
    _ = unsafe input.initialize(from: text)
    unsafe parser = .allocate(capacity: 1)
    unsafe parser.initialize(to: yaml_parser_t())
    // It fails only if there is no memory, as any other allocation here does.
    let isInitialized = unsafe yaml_parser_initialize(parser)
    precondition(isInitialized == 1, "out of memory")
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deinitialize(count: 1)
    unsafe parser.deallocate()
    unsafe input.deinitialize()
    unsafe input.deallocate()
  }

  /// Reads the next event. ``YAMLEvent/streamEnd`` is the last one.
  ///
  /// - Throws: ``TextFault`` if the text is not YAML, or has a tag.
  mutating func next() throws(TextFault) -> Positioned<YAMLEvent> {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault }
    defer { unsafe yaml_event_delete(&event) }
    let position = unsafe TextPosition(event.start_mark)
    return Positioned(try unsafe Self.content(of: event, at: position), at: position)
  }

  private static func content(
    of event: yaml_event_t, at position: TextPosition
  ) throws(TextFault) -> YAMLEvent {
    switch unsafe event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        unsafe String(decoding: bytes, as: UTF8.self),
        isPlain: unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE,
        anchor: try unsafe name(scalar.anchor, tag: scalar.tag, at: position))
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      return .sequenceStart(anchor: try unsafe name(start.anchor, tag: start.tag, at: position))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      return .mappingStart(anchor: try unsafe name(start.anchor, tag: start.tag, at: position))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_ALIAS_EVENT:
      return .alias(try unsafe name(event.data.alias.anchor, tag: nil, at: position) ?? "")
    default: return .streamEnd
    }
  }

  /// The name of an anchor of a value, which must not have a tag.
  private static func name(
    _ anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?,
    at position: TextPosition
  ) throws(TextFault) -> String? {
    guard unsafe tag == nil else { throw TextFault(at: position, "tags are not supported") }
    return unsafe anchor.map { unsafe String(cString: $0) }
  }

  /// The reason why the parser gave up, and the place.
  private var fault: TextFault {
    guard unsafe parser.pointee.error != YAML_READER_ERROR else { return encodingFault }
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
    return TextFault(
      at: unsafe TextPosition(parser.pointee.problem_mark), "not YAML: \(problem ?? "no memory")")
  }

  /// The fault of bytes that are not UTF-8, for which the parser reports only an offset.
  private var encodingFault: TextFault {
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
    let before = unsafe input.prefix(parser.pointee.problem_offset)
    let newline = UInt8(ascii: "\n")
    let line = unsafe before.count { $0 == newline } + 1
    let rest = unsafe before.lastIndex(of: newline).map { unsafe before[($0 + 1)...] } ?? before
    let column = unsafe String(decoding: rest, as: UTF8.self).unicodeScalars.count + 1
    return TextFault(at: TextPosition(line: line, column: column), problem ?? "not UTF-8")
  }
}

extension TextPosition {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: mark.line + 1, column: mark.column + 1)
  }
}

/// A part of a YAML text, in the order of the text.
enum YAMLEvent {
  case streamStart
  case streamEnd
  case documentStart
  case documentEnd
  /// Text, which is plain if it was written without quotes and not as a block.
  case scalar(String, isPlain: Bool, anchor: String?)
  case sequenceStart(anchor: String?)
  case sequenceEnd
  case mappingStart(anchor: String?)
  case mappingEnd
  /// A copy of the value at the anchor of that name.
  case alias(String)
}
