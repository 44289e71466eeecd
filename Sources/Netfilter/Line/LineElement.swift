/// A part of a rule's line: a selector, the name of a match or target, or one of their options.
///
///     -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https" -j KUBE-SVC-NPX46M4PTMTKRN6Y
///     └─ selector ──┘ └────┘ └─ match ┘ └─ option ──────────────────────────┘ └─ target ─────────────────┘
///
/// All ranges are of the line. They are empty where there is nothing.
public struct LineElement: Sendable {
  public enum Kind: Sendable {
    /// `-s`, `-d`, `-i`, `-o`, `-p` with a value, or `-f`.
    case selector
    /// `-m NAME`: the match that the options behind it belong to.
    case match
    /// `--option`, of the match or target before it. Words that stand in place of options are an option
    /// without a name.
    case option
    /// `-j NAME`.
    case target
    /// `-g NAME`.
    case goto
  }

  public let kind: Kind
  /// The option's letter or name, such as `-d` or `--dport`; the name itself of a match or target.
  public let name: Range<Int>
  /// Whether a `!` stands before it.
  public let isInverted: Bool
  /// The values, with the blanks between them: of most options one, as it stands, quotes included.
  public let values: Range<Int>
  /// The first value, without the quotes around it.
  public let value: Range<Int>

  /// See `takesText` of a line.
  fileprivate static let textOptions = [
    "--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--prefix", "--string", "--id",
    "--name", "--hashlimit-name", "--nfacct-name", "--helper", "--timeout", "--label",
    "--match-set", "--add-set", "--del-set", "--map-set", "--path", "--selctx", "--rateest",
    "--rateest1", "--rateest2", "--rateest-name", "--genre", "--led-trigger-id", "--zone-orig",
    "--zone-reply",
  ]

  /// Where the element ends.
  public var end: Int { max(name.upperBound, values.upperBound) }
}

/// Takes a line apart, one element after the other, without allocating anything.
///
/// Each call is given the line, because a span can't be kept.
public struct LineElements: Sendable {
  private var position = 0

  public init() {}

  /// The next element; nil where the line ends.
  public mutating func next(_ line: Span<UInt8>) -> LineElement? {
    guard var word = word(line) else { return nil }
    let isInverted = line.isText("!", word)
    if isInverted {
      guard let next = self.word(line) else { return nil }
      word = next
    }
    guard word.count >= 2, line[word.lowerBound] == UInt8(ascii: "-") else {
      position = word.lowerBound
      return option(word.lowerBound..<word.lowerBound, isInverted, line)
    }
    switch line[word.lowerBound + 1] {
    case UInt8(ascii: "-"): return option(word, isInverted, line)
    case UInt8(ascii: "m"): return named(.match, isInverted, line)
    case UInt8(ascii: "j"): return named(.target, isInverted, line)
    case UInt8(ascii: "g"): return named(.goto, isInverted, line)
    case UInt8(ascii: "f"):
      return element(.selector, word, isInverted, value: word.upperBound..<word.upperBound, line)
    default:
      let value = self.word(line) ?? position..<position
      return element(.selector, word, isInverted, value: value, line)
    }
  }

  private mutating func named(
    _ kind: LineElement.Kind, _ isInverted: Bool, _ line: Span<UInt8>
  ) -> LineElement {
    let name = word(line) ?? position..<position
    return element(kind, name, isInverted, value: name.upperBound..<name.upperBound, line)
  }

  /// An option and its values, which reach to the next word that begins an element.
  private mutating func option(
    _ name: Range<Int>, _ isInverted: Bool, _ line: Span<UInt8>
  ) -> LineElement {
    var first: Range<Int>?
    var end = name.upperBound
    while true {
      skipBlanks(line)
      // A text may look like an option: comments and prefixes stand without quotes where they can.
      if line.beginsElement(at: position), first != nil || !line.takesText(name) { break }
      guard let word = word(line) else { break }
      first = first ?? word
      end = word.upperBound
    }
    return element(.option, name, isInverted, value: first ?? end..<end, end: end, line)
  }

  /// - Parameter end: Where the last value ends; nil where there is but one.
  private func element(
    _ kind: LineElement.Kind, _ name: Range<Int>, _ isInverted: Bool, value: Range<Int>,
    end: Int? = nil, _ line: Span<UInt8>
  ) -> LineElement {
    LineElement(
      kind: kind, name: name, isInverted: isInverted,
      values: value.lowerBound..<(end ?? value.upperBound), value: line.unquoted(value))
  }

  /// The next word, its quotes included.
  private mutating func word(_ line: Span<UInt8>) -> Range<Int>? {
    skipBlanks(line)
    guard position < line.count else { return nil }
    let start = position
    position = line.endOfWord(from: start)
    return start..<position
  }

  private mutating func skipBlanks(_ line: Span<UInt8>) {
    while position < line.count, line[position] == UInt8(ascii: " ") { position += 1 }
  }
}

extension Span<UInt8> {
  /// Whether the text stands in the range.
  @inline(__always)
  public func isText(_ text: String, _ range: Range<Int>) -> Bool {
    let text = text.utf8
    guard range.count == text.count else { return false }
    var position = range.lowerBound
    for byte in text {
      if byte != self[position] { return false }
      position += 1
    }
    return true
  }

  /// Where the word ends that begins at `start`: at a blank, or behind the quote that closes it.
  fileprivate func endOfWord(from start: Int) -> Int {
    var position = start
    guard self[start] == UInt8(ascii: "\"") else {
      while position < count, self[position] != UInt8(ascii: " ") { position += 1 }
      return position
    }
    position += 1
    while position < count, self[position] != UInt8(ascii: "\"") {
      position += self[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return Swift.min(position + 1, count)
  }

  /// The word without the quotes around it.
  fileprivate func unquoted(_ word: Range<Int>) -> Range<Int> {
    guard word.count >= 2, self[word.lowerBound] == UInt8(ascii: "\"") else { return word }
    return word.lowerBound + 1..<word.upperBound - 1
  }

  /// Whether an element begins at the word that begins there.
  fileprivate func beginsElement(at start: Int) -> Bool {
    func byte(_ offset: Int) -> UInt8 {
      start + offset < count ? self[start + offset] : UInt8(ascii: " ")
    }
    switch (byte(0), byte(1)) {
    case (UInt8(ascii: "!"), UInt8(ascii: " ")): return true
    case (UInt8(ascii: "-"), UInt8(ascii: "-")): return byte(2) != UInt8(ascii: " ")
    case (UInt8(ascii: "-"), UInt8(ascii: "m")), (UInt8(ascii: "-"), UInt8(ascii: "j")),
      (UInt8(ascii: "-"), UInt8(ascii: "g")):
      return byte(2) == UInt8(ascii: " ")
    default: return false
    }
  }

  /// Whether the value of the option in the range is a text that whoever wrote the rule chose. It may begin
  /// with a dash, and isn't quoted for that.
  public func takesText(_ option: Range<Int>) -> Bool {
    LineElement.textOptions.contains { isText($0, option) }
  }
}
