/// Takes one line of a page apart, from its beginning to its end.
struct SampleScanner {
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  /// Goes on behind a text; false, and nothing else, where it is not what comes next.
  mutating func skip(_ text: [UInt8]) -> Bool {
    guard bytes[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  /// Goes on behind a label set, if there is one; false where it is not well-formed.
  mutating func skipLabels() -> Bool {
    guard skip([UInt8(ascii: "{")]) else { return true }
    var names: [ArraySlice<UInt8>] = []
    repeat {
      let start = position
      while let byte = next, Self.isLetter(byte) || Self.isDigit(byte) && position > start {
        position += 1
      }
      let name = bytes[start..<position]
      guard !name.isEmpty, !names.contains(name), skipValue() else { return false }
      names.append(name)
    } while skip([UInt8(ascii: ",")])
    return skip([UInt8(ascii: "}")])
  }

  /// The rest of the line as a number; `nil` where it is none.
  func number() -> Double? {
    let rest = bytes[position...]
    let text = String(decoding: rest, as: UTF8.self)
    switch text {
    case "NaN": return .nan
    case "+Inf": return .infinity
    case "-Inf": return -.infinity
    default:
      // Double takes "nan" and hexadecimal numbers too.
      guard rest.allSatisfy({ Self.isDigit($0) || Self.numberSigns.contains($0) }) else {
        return nil
      }
      return Double(text)
    }
  }

  private static let numberSigns = Array("+-.eE".utf8)

  /// Goes on behind `="…"`.
  private mutating func skipValue() -> Bool {
    guard skip(Array("=\"".utf8)) else { return false }
    while let byte = next, byte != UInt8(ascii: "\"") {
      position += 1
      if byte == UInt8(ascii: "\\") {
        guard let escaped = next, Self.escapes.contains(escaped) else { return false }
        position += 1
      }
    }
    return skip([UInt8(ascii: "\"")])
  }

  private static let escapes = Array("\\\"n".utf8)

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
