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
