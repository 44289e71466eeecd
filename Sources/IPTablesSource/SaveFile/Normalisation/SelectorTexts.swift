internal import Netfilter

/// The built-in selectors of a rule as iptables-save writes them.
struct SelectorTexts {
  private let family: IPFamily
  /// By ``BuiltInOption``, the text of each that is given; empty where it restricts nothing.
  private var texts = [[UInt8]?](repeating: nil, count: 6)
  /// The match that iptables loads by itself for the rule's protocol.
  private(set) var impliedMatch: String?

  init(family: IPFamily) { self.family = family }

  /// All of them, with a blank before each.
  var text: [UInt8] { texts.reduce(into: []) { $0 += $1 ?? [] } }

  /// Takes the value of `option`, which must be a selector.
  mutating func take(
    _ option: BuiltInOption, named word: Word, inverted: Bool, from cursor: inout WordCursor
  ) throws(Malformation) {
    var inverted = inverted
    var text: [UInt8]?
    if option == .fragment {
      text = []
    } else {
      // iptables 1.4 wrote `-s ! 10.0.0.1`.
      inverted = cursor.takeNegation() != inverted
      let value = try cursor.value(of: word)
      switch option {
      case .source, .destination: text = try addresses(value, inverted)
      case .inputInterface, .outputInterface: text = try interface(value)
      default: text = try ipProtocol(value, inverted)
      }
    }
    if texts[option.rawValue] != nil { throw Malformation("\(word.text) stands here twice") }
    guard let text else { return texts[option.rawValue] = [] }
    texts[option.rawValue] = Array((inverted ? " ! " : " ").utf8) + option.name.utf8 + text
  }

  /// A network, with the bits outside of its mask cleared; nil for all addresses.
  private func addresses(_ word: Word, _ inverted: Bool) throws(Malformation) -> [UInt8]? {
    let (address, mask) = try word.addressAndMask(family)
    if mask.isZero, !inverted { return nil }
    return Array(" \(address.masked(by: mask).numericText)/\(mask.maskText)".utf8)
  }

  /// Nil for `+`, which is every interface. iptables-legacy leaves it out even where it is inverted.
  private func interface(_ word: Word) throws(Malformation) -> [UInt8]? {
    guard (1...15).contains(word.bytes.count), !word.bytes.elementsEqual("!".utf8) else {
      throw word.isNot("an interface's name")
    }
    return word.bytes.elementsEqual("+".utf8) ? nil : [UInt8(ascii: " ")] + word.bytes
  }

  /// Nil for all protocols.
  private mutating func ipProtocol(_ word: Word, _ inverted: Bool) throws(Malformation) -> [UInt8]?
  {
    let number = try ProtocolNames.number(of: word)
    if !inverted { impliedMatch = Self.impliedMatches[number] }
    if number == 0 { return nil }
    var text = LineWriter(family: .ipv4)
    text.word(protocol: number)
    return text.bytes
  }

  private static let impliedMatches: [UInt8: String] = [
    1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 50: "esp", 51: "ah", 58: "icmp6", 132: "sctp",
    135: "mh", 136: "udplite",
  ]
}

extension BuiltInOption {
  /// As iptables-save writes it.
  fileprivate var name: String {
    switch self {
    case .source: "-s"
    case .destination: "-d"
    case .inputInterface: "-i"
    case .outputInterface: "-o"
    case .protocol: "-p"
    case .fragment: "-f"
    case .match: "-m"
    case .jump: "-j"
    case .goto: "-g"
    }
  }
}
