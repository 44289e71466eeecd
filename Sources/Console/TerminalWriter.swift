internal import Platform

/// Writes text for people, who may be looking at it on a terminal.
///
/// Nothing but ``endLine()`` and the emphasis makes a control character: in all text that is written,
/// and it may be a comment that somebody else thought of, control characters and what is not UTF-8 stand
/// as `\x1b`, and other marks that can't be seen as `\u{202e}`.
public struct TerminalWriter {
  /// How a piece of text is set apart, where there are colours.
  public enum Emphasis: Sendable, Hashable {
    case plain
    /// Headings and names.
    case strong
    /// What matters less.
    case faint
    /// What came, or is well.
    case good
    /// What went, or is wrong.
    case bad
    /// What is another, or worth a look.
    case notable
  }

  public private(set) var bytes: [UInt8] = []
  /// Whether emphasis shows.
  public let isColoured: Bool

  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// A writer of what goes to standard output: in colours where that is a terminal which can show them
  /// and nobody said no (`NO_COLOR`, `TERM=dumb`).
  public static func forStandardOutput() -> TerminalWriter {
    TerminalWriter(
      isColoured: StandardOutput.isTerminal && allowsColours(Environment.value(of:)))
  }

  /// Whether the environment lets a program write in colours. See https://no-color.org.
  static func allowsColours(_ variable: (String) -> String?) -> Bool {
    (variable("NO_COLOR") ?? "").isEmpty && (variable("TERM") ?? "dumb") != "dumb"
  }

  /// Writes text; it can't end the line.
  public mutating func write(_ text: String, _ emphasis: Emphasis = .plain) {
    write(Array(text.utf8), emphasis)
  }

  /// Writes text as it is stored.
  public mutating func write(_ text: [UInt8], _ emphasis: Emphasis = .plain) {
    guard !text.isEmpty else { return }
    let code = isColoured ? emphasis.code : nil
    if let code { bytes.append(contentsOf: "\u{1b}[\(code)m".utf8) }
    bytes.append(contentsOf: Self.escaped(text).utf8)
    if code != nil { bytes.append(contentsOf: "\u{1b}[0m".utf8) }
  }

  public mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  /// Writes text on a line of its own.
  public mutating func line(_ text: String, _ emphasis: Emphasis = .plain) {
    write(text, emphasis)
    endLine()
  }

  /// The text as it is written, without emphasis: to measure it, say.
  public static func escaped(_ text: [UInt8]) -> String {
    // Nearly all text is: rules by the ten thousand.
    if text.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(decoding: text, as: UTF8.self) }
    var escaped = ""
    escaped.reserveCapacity(text.count)
    var decoder = UTF8Pieces(text)
    while let piece = decoder.next() {
      switch piece {
      case .scalar(let scalar) where !scalar.isHidden: escaped.unicodeScalars.append(scalar)
      case .scalar(let scalar) where scalar.isASCII: escaped += hexadecimal(UInt8(scalar.value))
      case .scalar(let scalar): escaped += "\\u{\(String(scalar.value, radix: 16))}"
      case .byte(let byte): escaped += hexadecimal(byte)
      }
    }
    return escaped
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
  }
}

extension TerminalWriter.Emphasis {
  /// The number that a terminal knows it by.
  fileprivate var code: Int? {
    switch self {
    case .plain: nil
    case .strong: 1
    case .faint: 2
    case .good: 32
    case .bad: 31
    case .notable: 33
    }
  }
}
