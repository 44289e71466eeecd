internal import Netfilter

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
