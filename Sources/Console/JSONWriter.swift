internal import Platform

/// Writes JSON, indented by two spaces, with members in the order in which they are given.
///
/// Strings may hold anything. Bytes that are not UTF-8 are replaced. Control characters and
/// invisible marks are escaped, also beyond ASCII, so that a terminal can show the output safely.
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []
  private var depth = 0
  /// Whether the innermost object or array has an element.
  private var isBegun = false

  public init() {}

  /// A value that fits on a line.
  public enum Scalar {
    case string(String)
    /// Stored text, which may not be UTF-8.
    case text([UInt8])
    case integer(Int)
    /// A number; null if it is not finite.
    case number(Double)
    case flag(Bool)
    case null
  }

  // MARK: Values

  /// Writes an object as the whole document, or as the next element of an array.
  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginValue()
    container("{", "}", body)
  }

  /// Writes the next element of an array.
  public mutating func element(_ value: Scalar) {
    beginValue()
    write(value)
  }

  // MARK: Members of an object

  public mutating func member(_ name: String, _ value: Scalar) {
    begin(name)
    write(value)
  }

  public mutating func member(_ name: String, object body: (inout JSONWriter) -> Void) {
    begin(name)
    container("{", "}", body)
  }

  public mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
    begin(name)
    container("[", "]", body)
  }

  /// Writes an array with an object for each element; `body` writes the object's members.
  public mutating func member<Element>(
    _ name: String, objects elements: some Sequence<Element>,
    _ body: (Element, inout JSONWriter) -> Void
  ) {
    array(name) { json in
      for element in elements { json.object { body(element, &$0) } }
    }
  }

  /// Writes an array of values that fit on a line.
  public mutating func member(_ name: String, elements: some Sequence<Scalar>) {
    array(name) { json in
      for element in elements { json.element(element) }
    }
  }

  /// Writes an object whose members are all strings; null if there is none.
  public mutating func member(_ name: String, strings: KeyValuePairs<String, String>?) {
    guard let strings else { return member(name, .null) }
    member(name) { json in
      for (name, text) in strings { json.member(name, .string(text)) }
    }
  }

  /// Ends the last line, and returns the document.
  public mutating func finish() -> [UInt8] {
    append("\n")
    return bytes
  }

  // MARK: Writing

  private mutating func begin(_ name: String) {
    beginValue()
    append(Self.quoted(name) + ": ")
  }

  private mutating func beginValue() {
    if depth > 0 {
      if isBegun { append(",") }
      endLine()
    }
    isBegun = true
  }

  private mutating func container(
    _ opening: String, _ closing: String, _ body: (inout JSONWriter) -> Void
  ) {
    append(opening)
    depth += 1
    isBegun = false
    body(&self)
    depth -= 1
    if isBegun { endLine() }
    append(closing)
    isBegun = true
  }

  private mutating func endLine() {
    append("\n")
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }

  private mutating func write(_ value: Scalar) {
    switch value {
    case .string(let text): append(Self.quoted(text))
    case .text(let bytes): append(Self.quoted(String(decoding: bytes, as: UTF8.self)))
    case .integer(let number): append(String(number))
    case .number(let number): append(number.isFinite ? "\(number)" : "null")
    case .flag(let flag): append(flag ? "true" : "false")
    case .null: append("null")
    }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// A string in JSON's form, with its quotes.
  public static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      case _ where scalar.isHidden:
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
          let digits = String(unit, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
