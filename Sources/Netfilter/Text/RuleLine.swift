/// A line of iptables-save while it is written.
struct RuleLine {
  let family: IPFamily
  private(set) var bytes: [UInt8] = []

  init(family: IPFamily) {
    self.family = family
    bytes.reserveCapacity(200)
  }

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func append(_ text: some Collection<UInt8>) { bytes.append(contentsOf: text) }

  /// Appends a blank and a word.
  mutating func word(_ text: String) {
    append(" ")
    append(text)
  }

  mutating func word(_ text: some Collection<UInt8>) {
    append(" ")
    append(text)
  }

  /// Appends an option, behind a `!` where it is inverted.
  mutating func option(_ name: String, inverted: Bool = false) {
    if inverted { append(" !") }
    word(name)
  }

  mutating func option(_ name: String, _ value: String, inverted: Bool = false) {
    option(name, inverted: inverted)
    word(value)
  }

  /// Appends a text as a word: in quotes unless it is made of letters, digits, `_` and `-`, with a
  /// backslash before quotes of either kind and before a backslash.
  ///
  /// C counterpart: `xtables_save_string`.
  mutating func quotedWord(_ text: [UInt8]) {
    if !text.isEmpty, text.allSatisfy(Self.needsNoQuotes) { return word(text) }
    append(" \"")
    for byte in text {
      if "\"\\'".utf8.contains(byte) { append("\\") }
      bytes.append(byte)
    }
    append("\"")
  }

  private static func needsNoQuotes(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
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
