/// Splits a line into words as `iptables-restore` does.
///
/// Blanks and tabs separate words. Within double quotes everything stands for itself but the
/// backslash, which makes the byte after it do so. Quotes may begin and end anywhere in a word, and
/// bytes need not be UTF-8. Outside of quotes a backslash is a byte like any other.
///
/// iptables-save prints some names as they are, whatever is in them: a quote within a word that isn't
/// closed is a byte like any other, too.
struct LineTokenizer {
  private let line: ArraySlice<UInt8>
  private var position: Int
  private var words: [Word] = []

  private init(_ line: ArraySlice<UInt8>) {
    self.line = line
    position = line.startIndex
    words.reserveCapacity(24)
  }

  /// - Throws: ``Malformation`` where a quote that a word begins with is not closed.
  static func words(of line: ArraySlice<UInt8>) throws(Malformation) -> [Word] {
    var tokenizer = LineTokenizer(line)
    while tokenizer.skipBlanks() { try tokenizer.takeWord() }
    return tokenizer.words
  }

  /// Moves on to the next word; false where there is none.
  private mutating func skipBlanks() -> Bool {
    while position < line.endIndex, Self.isBlank(line[position]) { position += 1 }
    return position < line.endIndex
  }

  private mutating func takeWord() throws(Malformation) {
    let start = position
    if line[start] == Self.quote, let end = plainQuotationEnd(from: start + 1) {
      position = end + 1
      return append(line[start + 1..<end], isQuoted: true, from: start)
    }
    while position < line.endIndex, !Self.isBlank(line[position]) {
      if line[position] == Self.quote { return try takeMixedWord(from: start) }
      position += 1
    }
    append(line[start..<position], isQuoted: false, from: start)
  }

  /// Appends the word that stands from there to the position.
  private mutating func append(_ bytes: ArraySlice<UInt8>, isQuoted: Bool, from start: Int) {
    words.append(Word(bytes: bytes, isQuoted: isQuoted, range: start..<position))
  }

  /// Where a quotation that is a word of its own ends; nil where it holds escapes, doesn't end, or
  /// where more of the word follows it.
  private func plainQuotationEnd(from start: Int) -> Int? {
    var index = start
    while index < line.endIndex {
      if line[index] == Self.backslash { return nil }
      if line[index] == Self.quote {
        let after = index + 1
        return after == line.endIndex || Self.isBlank(line[after]) ? index : nil
      }
      index += 1
    }
    return nil
  }

  private mutating func takeMixedWord(from start: Int) throws(Malformation) {
    var bytes: [UInt8] = []
    var isOpen = false
    position = start
    while position < line.endIndex, isOpen || !Self.isBlank(line[position]) {
      let byte = line[position]
      position += 1
      if byte == Self.quote {
        isOpen.toggle()
      } else if isOpen, byte == Self.backslash {
        guard position < line.endIndex else { break }
        bytes.append(line[position])
        position += 1
      } else {
        bytes.append(byte)
      }
    }
    if isOpen {
      if line[start] == Self.quote { throw Malformation("a quote is not closed") }
      position = line[start...].firstIndex(where: Self.isBlank) ?? line.endIndex
      return append(line[start..<position], isQuoted: false, from: start)
    }
    append(bytes[...], isQuoted: true, from: start)
  }

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}

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
