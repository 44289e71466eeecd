internal import Netfilter

/// A match or target as a saved rule gives it.
struct GivenExtension {
  enum Role: String {
    case match = "-m"
    case jump = "-j"
    case goto = "-g"
  }

  let role: Role
  let name: String
  /// The name byte for byte.
  let text: ArraySlice<UInt8>
  /// How its options are written; nil where they aren't known.
  let form: ExtensionForm?
  var options: [GivenOption] = []

  /// Whether it has such an option; nil where its options aren't known.
  func has(_ option: GivenOption) -> Bool? { form?.has(option.name) }
}

/// An option of a match or target, such as `! --dport 80`, as far as it can be told apart without
/// knowing the extension.
struct GivenOption {
  let name: String
  let isInverted: Bool
  let values: [Word]
  /// Whether it looks like an option; an unknown extension may have other words.
  let isOption: Bool
  /// The positions of its words in the line.
  let words: Range<Int>
}

extension WordCursor {
  /// The option of iptables itself that stands next, behind a `!` or not; nil where none does.
  func peekBuiltInOption() -> BuiltInOption? {
    guard let word = peek() else { return nil }
    return (word.isNegation ? peek(1) : word).flatMap(BuiltInOption.init)
  }

  /// Takes an option of a match or target, and the words up to the next option.
  mutating func takeGivenOption() throws(Malformation) -> GivenOption {
    let start = position
    var isInverted = takeNegation()
    guard let name = next() else { throw Malformation("a '!' with nothing after it") }
    var values: [Word] = []
    let bytes = name.bytes.span
    if bytes.takesText(0..<bytes.count), let value = next() { values.append(value) }
    while let word = peek(), !word.isOption {
      if word.isNegation {
        // iptables 1.4 wrote `--dport ! 80`; today a `!` belongs to the option after it.
        guard values.isEmpty, let value = peek(1), !value.isOption else { break }
        isInverted = takeNegation() != isInverted
      } else {
        position += 1
        values.append(word)
      }
    }
    return GivenOption(
      name: name.text, isInverted: isInverted, values: values, isOption: name.isOption,
      words: start..<position)
  }
}

/// The options that iptables itself understands, by each of their names. What is none of these
/// belongs to the match or target before it.
enum BuiltInOption {
  case source, destination, inputInterface, outputInterface, `protocol`, fragment
  case match, jump, goto

  init?(_ word: Word) {
    guard word.isOption else { return nil }
    switch word.text {
    case "-m", "--match": self = .match
    case "-j", "--jump": self = .jump
    // Not --proto, which is an option of the match `policy`; iptables-save prints -p.
    case "-p", "--protocol": self = .protocol
    case "-s", "--source", "--src": self = .source
    case "-d", "--destination", "--dst": self = .destination
    case "-i", "--in-interface": self = .inputInterface
    case "-o", "--out-interface": self = .outputInterface
    case "-g", "--goto": self = .goto
    case "-f", "--fragment", "--fragments": self = .fragment
    default: return nil
    }
  }
}

extension RuleSelectors {
  /// Takes the value of `option`, which must be a selector.
  mutating func take(
    _ option: BuiltInOption, named word: Word, inverted: Bool, from cursor: inout WordCursor,
    _ family: IPFamily
  ) throws(Malformation) {
    let isFirst: Bool
    if option == .fragment {
      isFirst = Self.set(&excludesFragments, inverted)
    } else {
      // iptables 1.4 wrote `-s ! 10.0.0.1`.
      let inverted = cursor.takeNegation() != inverted
      let value = try cursor.value(of: word)
      isFirst =
        switch option {
        case .source: try Self.set(&source, value.addressMatch(family, inverted: inverted))
        case .destination:
          try Self.set(&destination, value.addressMatch(family, inverted: inverted))
        case .inputInterface: try Self.set(&input, value.interface(inverted: inverted))
        case .outputInterface: try Self.set(&output, value.interface(inverted: inverted))
        default: try Self.set(&ipProtocol, (value.protocolNumber(), inverted))
        }
    }
    if !isFirst { throw Malformation("\(word.text) stands here twice") }
  }

  /// The match that iptables loads by itself for the rule's protocol.
  var impliedMatch: String? { restrictedProtocol.flatMap { Self.impliedMatches[$0] } }

  private static let impliedMatches: [UInt8: String] = [
    1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 50: "esp", 51: "ah", 58: "icmp6", 132: "sctp",
    135: "mh", 136: "udplite",
  ]
}

extension Word {
  fileprivate func addressMatch(
    _ family: IPFamily, inverted: Bool
  ) throws(Malformation) -> AddressMatch {
    let (address, mask) = try addressAndMask(family)
    return AddressMatch(address: address, mask: mask, inverted: inverted)
  }

  fileprivate func interface(inverted: Bool) throws(Malformation) -> InterfaceSelector {
    guard (1...15).contains(bytes.count), !bytes.elementsEqual("!".utf8) else {
      throw isNot("an interface's name")
    }
    let isPrefix = bytes.last == UInt8(ascii: "+")
    return InterfaceSelector(
      name: bytes.dropLast(isPrefix ? 1 : 0), isPrefix: isPrefix, isInverted: inverted)
  }
}
