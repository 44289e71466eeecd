/// Markup that stands in the source; no text from elsewhere can become one.
struct Markup: ExpressibleByStringLiteral, Sendable {
  fileprivate let literal: String

  init(stringLiteral: String) { literal = stringLiteral }
}

/// Writes HTML. What is not ``Markup`` is escaped, whatever it holds.
struct HTMLWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ markup: Markup) { bytes.append(contentsOf: markup.literal.utf8) }

  /// Writes the style element, whose content the security policy knows by its hash.
  mutating func write(_ style: PageStyle) {
    write("<style>")
    bytes.append(contentsOf: style.text.utf8)
    write("</style>\n")
  }

  /// Writes text, for content and for values of attributes in double quotes.
  ///
  /// What a browser would hide, or let change how the text around it looks, is shown as a symbol.
  mutating func write(text: String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": write("&amp;")
      case "<": write("&lt;")
      case ">": write("&gt;")
      case "\"": write("&quot;")
      case "'": write("&#39;")
      case "\0"..."\u{1f}": write(symbol: 0x2400 + scalar.value)
      case "\u{7f}": write("\u{2421}")
      case _ where Self.isHidden(scalar): write("\u{fffd}")
      default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      }
    }
  }

  private mutating func write(symbol: UInt32) {
    guard let scalar = Unicode.Scalar(symbol), let encoded = UTF8.encode(scalar) else { return }
    bytes.append(contentsOf: encoded)
  }

  /// Whether it is a control, or of the marks that turn the direction of writing around.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: false
    }
  }

  /// Writes a number with a comma after every three digits.
  mutating func write(_ number: UInt64) {
    let digits = String(number).utf8
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { write(",") }
      bytes.append(digit)
    }
  }

  mutating func write(_ number: Int) { write(UInt64(max(0, number))) }
}
