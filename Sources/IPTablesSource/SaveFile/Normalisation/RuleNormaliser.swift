internal import Netfilter

/// Writes a rule of a saved file as iptables-save 1.8.9 writes it, however it is spelled in the file.
///
/// - Selectors come first, in iptables-save's order; matches follow in the order of the file; the target
///   comes last.
/// - An ``ExtensionForm`` says how a match's or target's options are written. Where there is none, or it
///   doesn't understand an option or a value, the extension stays word for word as it stands: one odd
///   rule makes no file unreadable.
/// - What iptables itself understands (addresses, interfaces, the target's place) must be well-formed.
/// - An option may stand apart from its match: `-p tcp --dport 80`, `-m tcp -p tcp --dport 80`, and
///   `-p tcp -m conntrack --ctstate NEW --dport 80` are what people write.
struct RuleNormaliser {
  private let line: ArraySlice<UInt8>
  private let family: IPFamily
  private let isChain: (ChainName) -> Bool
  private var cursor: WordCursor
  private var selectors = RuleSelectors()
  /// The matches and the target, in the order of the file.
  private var extensions: [GivenExtension] = []
  private var steps: [Step] = []

  /// What stands in the line, from left to right.
  private enum Step {
    /// An option of iptables itself, behind which no extension's options are expected.
    case selector
    /// The next of the extensions.
    case beginExtension
    case option(GivenOption)
  }

  /// Returns what iptables-save prints behind `-A CHAIN `.
  ///
  /// - Parameters:
  ///   - cursor: The line's words, of which those that follow the chain's name are taken.
  ///   - line: The line, of which the words are parts.
  ///   - family: Whose addresses the rule holds.
  ///   - isChain: Whether the table has a chain of that name, and so a jump leads there.
  static func line(
    of cursor: WordCursor, in line: ArraySlice<UInt8>, family: IPFamily,
    isChain: @escaping (ChainName) -> Bool
  ) throws(Malformation) -> [UInt8] {
    var normaliser = RuleNormaliser(
      line: line, family: family, isChain: isChain, cursor: cursor)
    while !normaliser.cursor.isAtEnd { try normaliser.takeOption() }
    try normaliser.assignOptions()
    return normaliser.text()
  }

  /// Takes an option of iptables itself, or one of a match or target.
  private mutating func takeOption() throws(Malformation) {
    guard let option = cursor.peekBuiltInOption() else {
      return steps.append(.option(try cursor.takeGivenOption()))
    }
    let inverted = cursor.takeNegation()
    guard let word = cursor.next() else { return }
    if inverted, [.match, .jump, .goto].contains(option) {
      throw Malformation("a '!' before \(word.text)")
    }
    switch option {
    case .match:
      let name = try cursor.value(of: word)
      try append(.match, name, ExtensionForm.match(name.text, family), word)
    case .jump:
      let name = try cursor.value(of: word)
      let isPlain = Verdict(name: name.text) != nil || ChainName(name.bytes).map(isChain) ?? false
      try append(
        .jump, name, isPlain ? .withoutOptions : ExtensionForm.target(name.text, family), word)
    case .goto:
      let name = try cursor.value(of: word)
      guard let chain = ChainName(name.bytes), isChain(chain) else {
        throw name.isNot("a chain of this table")
      }
      try append(.goto, name, .withoutOptions, word)
      steps.append(.selector)
    default:
      try selectors.take(option, named: word, inverted: inverted, from: &cursor, family)
      steps.append(.selector)
    }
  }

  /// Takes a match or target, which `option` names.
  private mutating func append(
    _ role: GivenExtension.Role, _ name: Word, _ form: ExtensionForm?, _ option: Word
  ) throws(Malformation) {
    if role != .match, extensions.contains(where: { $0.role != .match }) {
      throw Malformation("\(option.text) after another target")
    }
    extensions.append(
      GivenExtension(role: role, name: name.text, text: name.verbatim(in: line), form: form))
    steps.append(.beginExtension)
  }

  /// Gives each option to the extension that it belongs to.
  private mutating func assignOptions() throws(Malformation) {
    // How many extensions stand before the option, and which of them its neighbours belong to.
    var count = 0
    var current: Int?
    for step in steps {
      switch step {
      case .selector: current = nil
      case .beginExtension:
        current = count
        count += 1
      case .option(let option):
        guard let owner = owner(of: option, behind: current, &count) else {
          let word = cursor.words[option.words].first { !$0.isNegation }
          throw Malformation(
            "'\(word?.bytes.printable(atMost: 60) ?? "!")' is not understood here")
        }
        extensions[owner].options.append(option)
        if current == nil, owner < count { current = owner }
      }
    }
  }

  /// Returns the position of the extension that has the option; nil where there is none.
  ///
  /// It is the extension before the option, unless that one is known not to have it and another is known to
  /// have it. Behind an option of iptables itself, it is the match that the protocol implies.
  private mutating func owner(
    of option: GivenOption, behind current: Int?, _ count: inout Int
  ) -> Int? {
    if let current, extensions[current].has(option) ?? true { return current }
    guard option.isOption else { return current }
    if let owner = extensions[..<count].lastIndex(where: { $0.has(option) ?? false }) {
      return owner
    }
    let implied = selectors.impliedMatch.map {
      GivenExtension(
        role: .match, name: $0, text: Array($0.utf8)[...], form: ExtensionForm.match($0, family))
    }
    let isKnown = implied?.has(option) ?? false
    if !isKnown, let owner = extensions[count...].firstIndex(where: { $0.has(option) ?? false }) {
      return owner
    }
    guard let implied, isKnown || implied.form == nil || current == nil else { return current }
    let same = extensions[..<count].lastIndex { $0.role == .match && $0.name == implied.name }
    if let same { return same }
    extensions.insert(implied, at: count)
    count += 1
    return count - 1
  }

  private func text() -> [UInt8] {
    var line = LineWriter(family: family)
    selectors.write(to: &line)
    var text = line.bytes
    for given in extensions where given.role == .match { append(given, to: &text) }
    for given in extensions where given.role != .match { append(given, to: &text) }
    return Array(text.dropFirst())
  }

  private func append(_ given: GivenExtension, to text: inout [UInt8]) {
    text += " \(given.role.rawValue) ".utf8
    text += given.text
    text += given.form?.text(of: given.options, family) ?? verbatim(given.options)
  }

  /// The options word for word, with as many blanks between two as stand there in the line.
  private func verbatim(_ options: [GivenOption]) -> [UInt8] {
    var text: [UInt8] = []
    var last: Int?
    for index in options.flatMap(\.words) {
      let word = cursor.words[index].range
      let isContinued = last == index - 1
      let gap = isContinued ? word.lowerBound - cursor.words[index - 1].range.upperBound : 1
      text += [UInt8](repeating: UInt8(ascii: " "), count: gap)
      text += line[word]
      last = index
    }
    return text
  }
}

extension Word {
  /// The word without its quotes, unless it needs them.
  fileprivate func verbatim(in line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes.isEmpty || bytes.contains { #" "\#t"#.utf8.contains($0) } ? line[range] : bytes
  }
}
