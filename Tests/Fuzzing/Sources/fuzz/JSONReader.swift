/// Reads a document of JSON, and ends the program where it isn't one: a judge that shares no code with
/// the writer.
struct JSONReader {
  indirect enum Value {
    case object([String: Value])
    case array([Value])
    case string(String)
    case number(Double)
    case flag(Bool)
    case null

    /// The object's member of this name.
    subscript(_ name: String) -> Value {
      guard case .object(let members) = self, let member = members[name] else {
        fatalError("does not hold: there is a member \(name)")
      }
      return member
    }

    var elements: [Value] {
      guard case .array(let elements) = self else { fatalError("does not hold: it is an array") }
      return elements
    }

    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
  }

  private var rest: ArraySlice<UInt8>

  static func read(_ bytes: [UInt8]) -> Value {
    PlainText.check(bytes)
    var reader = JSONReader(rest: bytes[...])
    let value = reader.value()
    reader.skipBlanks()
    require(reader.rest.isEmpty, "a document ends with its value")
    return value
  }

  private init(rest: ArraySlice<UInt8>) { self.rest = rest }

  private mutating func value() -> Value {
    skipBlanks()
    switch rest.first {
    case UInt8(ascii: "{"): return object()
    case UInt8(ascii: "["): return array()
    case UInt8(ascii: "\""): return .string(string())
    default:
      let word = word()
      switch word {
      case "true", "false": return .flag(word == "true")
      case "null": return .null
      default:
        guard let number = Double(word), number.isFinite, word.first != "+" else {
          fatalError("does not hold: \(word) is a value")
        }
        return .number(number)
      }
    }
  }

  private mutating func object() -> Value {
    var members: [String: Value] = [:]
    list("{", "}") { reader in
      let name = reader.string()
      reader.skipBlanks()
      require(reader.take(":"), "a colon stands behind \(name)")
      require(members.updateValue(reader.value(), forKey: name) == nil, "\(name) stands once")
    }
    return .object(members)
  }

  private mutating func array() -> Value {
    var elements: [Value] = []
    list("[", "]") { elements.append($0.value()) }
    return .array(elements)
  }

  private mutating func list(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ body: (inout JSONReader) -> Void
  ) {
    _ = take(opening)
    skipBlanks()
    if take(closing) { return }
    repeat {
      skipBlanks()
      body(&self)
      skipBlanks()
    } while take(",")
    require(take(closing), "\(closing) stands at the end of a list")
  }

  private mutating func string() -> String {
    require(take("\""), "a string begins with a quote")
    var text = ""
    var plain: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return text + String(decoding: plain, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text += String(decoding: plain, as: UTF8.self)
        plain = []
        text.unicodeScalars.append(escaped())
      default: plain.append(byte)
      }
    }
    fatalError("does not hold: a string ends")
  }

  private mutating func escaped() -> Unicode.Scalar {
    let byte = rest.popFirst()
    if byte == UInt8(ascii: "u") { return unicodeEscape() }
    let known: [Unicode.Scalar: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t",
    ]
    guard let byte, let scalar = known[Unicode.Scalar(byte)] else {
      fatalError("does not hold: \(String(describing: byte)) may stand behind a backslash")
    }
    return scalar
  }

  /// What stands behind `\u`: one unit of UTF-16, or two with another `\u` between them.
  private mutating func unicodeEscape() -> Unicode.Scalar {
    let first = codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    require(UTF16.isLeadSurrogate(first), "a pair begins with its first half")
    require(take("\\") && take("u"), "the other half follows")
    let second = codeUnit()
    require(UTF16.isTrailSurrogate(second), "a pair ends with its second half")
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private mutating func codeUnit() -> UInt16 {
    let digits = String(decoding: rest.prefix(4), as: UTF8.self)
    rest = rest.dropFirst(4)
    guard digits.utf8.count == 4, digits.first != "+", let unit = UInt16(digits, radix: 16) else {
      fatalError("does not hold: \(digits) are four digits")
    }
    return unit
  }

  private mutating func word() -> String {
    let end = Set("{}[]:,\" \n\t\r".utf8)
    let word = rest.prefix { !end.contains($0) }
    rest = rest.dropFirst(word.count)
    return String(decoding: word, as: UTF8.self)
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func skipBlanks() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0a }
  }
}
