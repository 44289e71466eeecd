internal import Platform

/// Writes text for people, who may look at it on a terminal.
///
/// The text may be a comment that a stranger wrote. So control characters and bytes that are not
/// UTF-8 are written as `\x1b`, and other invisible marks as `\u{202e}`. Only ``endLine()`` and the
/// emphasis write control characters.
public struct TerminalWriter {
  /// How a piece of text is set apart, if there are colours.
  public enum Emphasis: Sendable, Hashable {
    case plain
    /// Headings and names.
    case strong
    /// Things that matter less.
    case faint
    /// Things that were added, or are well.
    case good
    /// Things that were removed, or are wrong.
    case bad
    /// Things that changed, or are worth a look.
    case notable
  }

  public private(set) var bytes: [UInt8] = []
  private let isColoured: Bool

  /// - Parameter isColoured: Whether emphasis shows.
  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// A writer for standard output. Where nobody decides, it uses colours on a terminal, unless the
  /// environment turns them off (`NO_COLOR`, `TERM=dumb`).
  public static func forStandardOutput(_ choice: ColorChoice = .auto) -> TerminalWriter {
    switch choice {
    case .auto:
      TerminalWriter(
        isColoured: StandardOutput.isTerminal && allowsColours(Environment.value(of:)))
    case .always: TerminalWriter(isColoured: true)
    case .never: TerminalWriter(isColoured: false)
    }
  }

  /// Whether the environment lets programs write in colours. See https://no-color.org.
  static func allowsColours(_ variable: (String) -> String?) -> Bool {
    (variable("NO_COLOR") ?? "").isEmpty && (variable("TERM") ?? "dumb") != "dumb"
  }

  /// Writes text, which can't end the line.
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

  /// The text as it is written, without emphasis; for example to measure its width.
  public static func escaped(_ text: [UInt8]) -> String {
    // Nearly all of the text is plain, and there may be tens of thousands of rules.
    if text.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(decoding: text, as: UTF8.self) }
    var escaped = ""
    escaped.reserveCapacity(text.count)
    var parser = Unicode.UTF8.ForwardParser()
    var bytes = text.makeIterator()
    var position = 0
    while true {
      switch parser.parseScalar(from: &bytes) {
      case .valid(let encoded):
        escaped += Self.escaped(UTF8.decode(encoded))
        position += encoded.count
      case .error(let length):
        for byte in text[position..<position + length] { escaped += hexadecimal(byte) }
        position += length
      case .emptyInput: return escaped
      }
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    if !scalar.isHidden { return String(scalar) }
    if scalar.isASCII { return hexadecimal(UInt8(scalar.value)) }
    return "\\u{\(String(scalar.value, radix: 16))}"
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
  }
}

/// Whether text is coloured; the raw value is a flag's.
public enum ColorChoice: String, Sendable, CaseIterable {
  case auto, always, never
}

extension TerminalWriter.Emphasis {
  /// The terminal's code for it.
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
