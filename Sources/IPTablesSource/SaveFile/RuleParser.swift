internal import Netfilter

/// Parses what stands after `-A CHAIN` in a saved rule.
///
/// Matches and targets are kept with their options' text where this library doesn't know them, an
/// option or a value: one odd rule makes no file unreadable. What iptables itself understands
/// (addresses, interfaces, the target's place) must be well-formed.
///
/// `-p tcp --dport 80` without `-m tcp`, and `-m tcp -p tcp --dport 80`, which people and kube-proxy
/// write and iptables-save does not, are understood.
struct RuleParser {
  private let line: ArraySlice<UInt8>
  private let family: IPFamily
  private let isChain: (ChainName) -> Bool
  private var cursor: WordCursor
  private var selectors: Selectors
  private var extensions: [ExtensionText] = []
  private var target: Target?

  private init(
    _ cursor: WordCursor, line: ArraySlice<UInt8>, family: IPFamily,
    isChain: @escaping (ChainName) -> Bool
  ) {
    self.cursor = cursor
    self.line = line
    self.family = family
    self.isChain = isChain
    selectors = Selectors(family: family)
  }

  /// - Parameters:
  ///   - cursor: The line's words, of which those that follow the chain's name are taken.
  ///   - line: The line, of which the words are parts.
  ///   - family: Whose addresses the rule holds.
  ///   - isChain: Whether the table has a chain of that name, and so a jump leads there.
  static func parse(
    _ cursor: WordCursor, line: ArraySlice<UInt8>, family: IPFamily,
    isChain: @escaping (ChainName) -> Bool
  ) throws(Malformation) -> DecodedRule {
    var parser = RuleParser(cursor, line: line, family: family, isChain: isChain)
    while !parser.cursor.isAtEnd { try parser.takeOption() }
    var matches = parser.selectors.matches
    for text in parser.extensions { matches.append(Match(text, family: family)) }
    return DecodedRule(matches: matches, target: parser.target ?? .none)
  }

  private mutating func takeOption() throws(Malformation) {
    let start = cursor.position
    let inverted = cursor.takeNegation()
    guard let word = cursor.next() else { throw Malformation("a '!' with nothing after it") }
    switch BuiltInOption(word) {
    case .match:
      let name = try cursor.value(of: word).text
      extensions.append(cursor.takeExtension(named: name, of: line))
    case .jump: try takeJump(cursor.value(of: word), by: word)
    case .goto: try takeGoto(cursor.value(of: word), by: word)
    case .some(let option):
      try selectors.take(option, named: word, inverted: inverted, from: &cursor)
    case nil:
      guard word.isOption, let name = impliedMatch else {
        throw Malformation("'\(word.bytes.printable(atMost: 60))' is not understood here")
      }
      cursor.position = start
      takeDetachedOptions(of: name)
    }
  }

  /// The match that iptables loads by itself for the rule's protocol.
  private var impliedMatch: String? {
    guard let ipProtocol = selectors.ipProtocol, !ipProtocol.inverted else { return nil }
    return switch ipProtocol.number {
    case 1: "icmp"
    case 6: "tcp"
    case 17: "udp"
    case 33: "dccp"
    case 50: "esp"
    case 51: "ah"
    case 58: "icmp6"
    case 132: "sctp"
    case 135: "mh"
    case 136: "udplite"
    default: nil
    }
  }

  private mutating func takeDetachedOptions(of name: String) {
    let text = cursor.takeExtension(named: name, of: line)
    if let index = extensions.lastIndex(where: { $0.name == name }) {
      extensions[index] = extensions[index].adding(text)
    } else {
      extensions.append(text)
    }
  }

  private mutating func takeJump(_ name: Word, by option: Word) throws(Malformation) {
    let text = cursor.takeExtension(named: name.text, of: line)
    if let verdict = Verdict(name: text.name), text.options.isEmpty {
      try setTarget(.verdict(verdict), by: option)
    } else if let chain = ChainName(name.bytes), text.options.isEmpty, isChain(chain) {
      try setTarget(.jump(chain), by: option)
    } else {
      try setTarget(Target(text, family: family), by: option)
    }
  }

  private mutating func takeGoto(_ name: Word, by option: Word) throws(Malformation) {
    guard let chain = ChainName(name.bytes), isChain(chain) else {
      throw name.isNot("a chain of this table")
    }
    try setTarget(.goto(chain), by: option)
  }

  private mutating func setTarget(_ target: Target, by option: Word) throws(Malformation) {
    if self.target != nil { throw Malformation("\(option.text) after another target") }
    self.target = target
  }
}
