internal import Platform
internal import Tracking

/// HTML. Literals in the source are markup. Any other text is escaped:
///
///     let cell: Markup = "<td>\(text: name)</td>"
struct Markup: ExpressibleByStringInterpolation, Sendable {
  private let html: String

  init(stringLiteral: String) { html = stringLiteral }

  init(stringInterpolation: StringInterpolation) { html = stringInterpolation.html }

  var bytes: [UInt8] { Array(html.utf8) }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var html = ""
    private static let references = Array("&<>\"'".utf8)

    init(literalCapacity: Int, interpolationCount _: Int) {
      html.reserveCapacity(2 * literalCapacity)
    }

    mutating func appendLiteral(_ literal: String) { html += literal }

    mutating func appendInterpolation(_ markup: Markup) { html += markup.html }

    mutating func appendInterpolation(_ parts: [Markup]) {
      for part in parts { html += part.html }
    }

    /// Writes the style element's content, which the security policy knows by its hash.
    mutating func appendInterpolation(_ style: PageStyle) { html += style.text }

    /// Writes a number with a comma after every three digits.
    mutating func appendInterpolation(_ number: some BinaryInteger) {
      let digits = String(number)
      for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index).isMultiple(of: 3) { html += "," }
        html.append(digit)
      }
    }

    /// Writes how long ago it was; the exact time is in the element's attributes.
    mutating func appendInterpolation(_ time: PageTime) {
      html += "<time datetime=\"\(time.timestamp)\" title=\"\(time.timestamp)\">\(time.age)</time>"
    }

    /// Writes text, for content and for values of attributes in double quotes.
    ///
    /// What a browser would hide, or let change how the text around it looks, is shown as a symbol.
    mutating func appendInterpolation(text: String) {
      // Most text is plain: it goes as a whole.
      if text.utf8.allSatisfy({ 0x20..<0x7f ~= $0 && !Self.references.contains($0) }) {
        html += text
        return
      }
      for scalar in text.unicodeScalars {
        switch scalar {
        case "&": html += "&amp;"
        case "<": html += "&lt;"
        case ">": html += "&gt;"
        case "\"": html += "&quot;"
        case "'": html += "&#39;"
        case "\0"..."\u{1f}": html.unicodeScalars.append(scalar.symbol)
        case "\u{7f}": html += "\u{2421}"
        case _ where scalar.isHidden: html += "\u{fffd}"
        default: html.unicodeScalars.append(scalar)
        }
      }
    }
  }
}

extension Unicode.Scalar {
  /// The picture of a control character.
  fileprivate var symbol: Unicode.Scalar { Unicode.Scalar(0x2400 + value) ?? "\u{fffd}" }
}

/// A moment as the page shows it: how long ago it was, and when exactly.
struct PageTime {
  let time: Moment
  let now: Moment

  /// Such as `4 min ago`.
  var age: String {
    let seconds = Int(min(time.age(at: now), 1e12))
    return switch seconds {
    case ..<1: "just now"
    case ..<120: "\(seconds) s ago"
    case ..<7200: "\(seconds / 60) min ago"
    case ..<172_800: "\(seconds / 3600) h ago"
    default: "\(seconds / 86_400) d ago"
    }
  }

  /// Such as `2026-11-22T11:41:30.123Z`.
  var timestamp: String { WallClock.timestamp(of: time.wallClock) }
}
