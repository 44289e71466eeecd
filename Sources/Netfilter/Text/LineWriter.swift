/// Writes a rule's line: the bytes that iptables-save prints behind `-A CHAIN`.
///
///     var line = LineWriter(family: .ipv4)
///     line.option("-m")
///     line.word("tcp")
///     line.option("--dport", inverted: true)
///     line.word(number: 80)
///     // line.bytes is " -m tcp ! --dport 80", line.line the same without the first blank.
///
/// A blank stands before every word. One writer serves many lines: ``removeAll()`` keeps its memory.
public struct LineWriter: Sendable {
  /// The family of the rule, which says how its addresses are written.
  public let family: IPFamily
  public private(set) var bytes: [UInt8] = []
  /// Whether ``fail()`` was called since the last ``rewind(to:)``.
  public private(set) var hasFailed = false

  public init(family: IPFamily) {
    self.family = family
    bytes.reserveCapacity(200)
  }

  /// What was written, without the blank before the first word.
  public var line: ArraySlice<UInt8> { bytes.dropFirst() }

  public var count: Int { bytes.count }

  /// Empties the writer for the next line.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    hasFailed = false
  }

  /// Notes that iptables has no words for what is to be written. The caller finds that in
  /// ``hasFailed``, and takes back what was written until then.
  public mutating func fail() { hasFailed = true }

  /// Takes back what was written behind the first `count` bytes.
  public mutating func rewind(to count: Int) {
    bytes.removeLast(max(0, bytes.count - count))
    hasFailed = false
  }

  public mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
  }

  public mutating func append(_ text: Span<UInt8>) {
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  public mutating func append(_ text: [UInt8]) { bytes.append(contentsOf: text) }

  /// Appends a number in decimal.
  public mutating func append(number: UInt64) {
    if number > 9 { append(number: number / 10) }
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
  }

  /// Appends a number in hexadecimal, with zeros before it up to that number of digits.
  public mutating func append(hexadecimal number: UInt64, digits: Int = 1) {
    if number > 15 || digits > 1 { append(hexadecimal: number >> 4, digits: digits - 1) }
    let digit = UInt8(truncatingIfNeeded: number & 15)
    bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
  }

  private mutating func appendBlank() { bytes.append(UInt8(ascii: " ")) }

  /// Appends a blank and a word.
  public mutating func word(_ text: StaticString) {
    appendBlank()
    append(text)
  }

  public mutating func word(_ text: Span<UInt8>) {
    appendBlank()
    append(text)
  }

  public mutating func word(number: UInt64) {
    appendBlank()
    append(number: number)
  }

  /// Appends a number behind `0x`.
  public mutating func word(hexadecimal number: UInt64, digits: Int = 1) {
    append(" 0x")
    append(hexadecimal: number, digits: digits)
  }

  /// Appends an option, behind a `!` where it is inverted.
  public mutating func option(_ name: StaticString, inverted: Bool = false) {
    if inverted { append(" !") }
    word(name)
  }

  public mutating func option(_ name: StaticString, number: UInt64, inverted: Bool = false) {
    option(name, inverted: inverted)
    word(number: number)
  }

  /// Appends a text as a word: in quotes unless it is made of letters, digits, `_` and `-`, with a
  /// backslash before quotes of either kind and before a backslash.
  ///
  /// C counterpart: `xtables_save_string`.
  public mutating func quotedWord(_ text: Span<UInt8>) {
    var isPlain = !text.isEmpty
    for index in text.indices where !Self.needsNoQuotes(text[index]) {
      isPlain = false
      break
    }
    if isPlain { return word(text) }
    appendBlank()
    quoted(text)
  }

  /// Appends a text in quotes, with a backslash before quotes and before a backslash.
  public mutating func quoted(_ text: Span<UInt8>, escapingApostrophes: Bool = true) {
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    for index in text.indices {
      switch text[index] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): break
      case UInt8(ascii: "'") where escapingApostrophes: break
      default: continue
      }
      append(text.extracting(start..<index))
      bytes.append(UInt8(ascii: "\\"))
      start = index
    }
    append(text.extracting(start..<text.count))
    bytes.append(UInt8(ascii: "\""))
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
