/// The name under which the writers of typed matches and targets know it.
typealias RuleLine = LineWriter

extension LineWriter {
  mutating func append(_ text: String) { append(Array(text.utf8)) }

  mutating func word(_ text: String) { word(Array(text.utf8)) }

  mutating func option(_ name: String, inverted: Bool = false) {
    if inverted { word("!") }
    word(name)
  }

  mutating func word(_ text: some Collection<UInt8>) { word(Array(text)) }

  mutating func option(_ name: String, _ value: String, inverted: Bool = false) {
    option(name, inverted: inverted)
    word(value)
  }

  mutating func quotedWord(_ text: [UInt8]) { quotedWord(text.span) }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// As `%#x` has it, but for `0x0`.
  var hexadecimal: String { "0x" + String(self, radix: 16) }

  /// In hexadecimal, with zeros before it up to that length.
  func digits(_ length: Int) -> String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Swift.max(0, length - digits.count)) + digits
  }

  /// The names of the bits that are set, between commas.
  func names(_ named: [(bit: Self, name: String)]) -> String {
    named.filter { self & $0.bit != 0 }.map(\.name).joined(separator: ",")
  }
}
