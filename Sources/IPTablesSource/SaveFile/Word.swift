/// A word of a line: what it says, with quotes and escapes undone, and where it stands.
struct Word {
  let bytes: ArraySlice<UInt8>
  /// Whether any of it was quoted: `"!"` and `"-s"` are values, `!` and `-s` are not.
  let isQuoted: Bool
  /// Where it stands in the file, quotes included.
  let range: Range<Int>

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// `!`, which inverts what follows it.
  var isNegation: Bool { !isQuoted && bytes.count == 1 && bytes.first == UInt8(ascii: "!") }

  /// Whether it looks like an option: `-s`, `--dport`.
  var isOption: Bool { !isQuoted && bytes.count > 1 && bytes.first == UInt8(ascii: "-") }

  /// The parts between separators, empty ones included, as words.
  func split(_ separator: Unicode.Scalar, maxSplits: Int = .max) -> [Word] {
    bytes.split(
      separator: UInt8(ascii: separator), maxSplits: maxSplits, omittingEmptySubsequences: false
    ).map { Word(bytes: $0, isQuoted: isQuoted, range: range) }
  }

  /// The error that this word is not `what`.
  func isNot(_ what: String) -> Malformation {
    Malformation("'\(bytes.printable(atMost: 60))' is not \(what)")
  }
}

/// Takes the words of a line one after the other.
struct WordCursor {
  let words: [Word]
  /// The index of the next word.
  var position = 0

  init(_ words: [Word]) { self.words = words }

  var isAtEnd: Bool { position == words.count }

  /// The word `distance` after the next, which is not taken; nil after the end.
  func peek(_ distance: Int = 0) -> Word? {
    let index = position + distance
    return index < words.count ? words[index] : nil
  }

  mutating func next() -> Word? {
    guard let word = peek() else { return nil }
    position += 1
    return word
  }

  /// Takes a `!` where one stands next, and tells whether it did.
  mutating func takeNegation() -> Bool {
    guard let word = peek(), word.isNegation else { return false }
    position += 1
    return true
  }

  /// The value of `option`.
  mutating func value(of option: Word) throws(Malformation) -> Word {
    guard let word = next() else { throw Malformation("\(option.text) without its value") }
    return word
  }
}
