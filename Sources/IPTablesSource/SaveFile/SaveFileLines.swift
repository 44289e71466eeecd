/// The lines of a text, without their ends and the blanks before them, numbered from 1.
///
/// A rule's comment may hold line ends, which iptables-save writes as they are: such a rule is one
/// line, with the number of its first. A quote that isn't closed where a comment must have ended
/// takes no further lines with it.
struct SaveFileLines: Sequence, IteratorProtocol {
  struct Line {
    let number: Int
    let text: ArraySlice<UInt8>
  }

  private let text: [UInt8]
  private var position = 0
  private var number = 0

  /// The most bytes that a comment takes between its quotes: 255, each behind a backslash.
  private static let longestQuotation = 510

  /// What editors put before a text in UTF-8, and `cat` between two of them.
  private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  init(_ text: [UInt8]) { self.text = text }

  mutating func next() -> Line? {
    guard position < text.count else { return nil }
    if text[position...].starts(with: Self.byteOrderMark) {
      position += Self.byteOrderMark.count
    }
    var end = lineEnd(from: position)
    let start = text[position..<end].firstIndex { !" \t".utf8.contains($0) } ?? end
    number += 1
    let line = number
    if start < end, text[start] == UInt8(ascii: "-") || text[start] == UInt8(ascii: "[") {
      var unread = start
      while let opening = openQuotation(in: unread..<end),
        let closing = closing(of: opening, after: end)
      {
        number += text[end...closing].count { $0 == UInt8(ascii: "\n") }
        end = lineEnd(from: closing)
        // Behind the quotation, so that many in a row take no longer than their length.
        unread = closing + 1
      }
    }
    position = end + 1
    let isCRLF = end > start && text[end - 1] == UInt8(ascii: "\r")
    return Line(number: line, text: text[start..<(isCRLF ? end - 1 : end)])
  }

  private func lineEnd(from start: Int) -> Int {
    text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
  }

  /// Where the quotation begins that isn't closed within the range; nil where all are. A comment's begins
  /// a word.
  private func openQuotation(in range: Range<Int>) -> Int? {
    var opening: Int?
    var index = range.lowerBound
    while index < range.upperBound {
      if text[index] == UInt8(ascii: "\"") {
        let beginsWord = index == range.lowerBound || " \t".utf8.contains(text[index - 1])
        opening = opening == nil && beginsWord ? index : nil
      } else if opening != nil, text[index] == UInt8(ascii: "\\") {
        index += 1
      }
      index += 1
    }
    return opening
  }

  /// Where a quotation that goes on after a line's end is closed; nil where it isn't within the
  /// length of a comment, or where something follows without a blank.
  private func closing(of opening: Int, after end: Int) -> Int? {
    var index = end
    let limit = Swift.min(text.count, opening + 2 + Self.longestQuotation)
    while index < limit {
      if text[index] == UInt8(ascii: "\\") {
        index += 1
      } else if text[index] == UInt8(ascii: "\"") {
        let isLast = index + 1 == text.count
        return isLast || " \t\r\n".utf8.contains(text[index + 1]) ? index : nil
      }
      index += 1
    }
    return nil
  }
}
