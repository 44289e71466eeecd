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
    var line = LineWriter(family: family)
    if option == .fragment {
      line.option("-f", inverted: inverted)
    } else {
      // iptables 1.4 wrote `-s ! 10.0.0.1`.
      inverted = cursor.takeNegation() != inverted
      let value = try cursor.value(of: word)
      switch option {
      case .source: try write("-s", addresses: value, inverted, to: &line)
      case .destination: try write("-d", addresses: value, inverted, to: &line)
      case .inputInterface: try write("-i", interface: value, inverted, to: &line)
      case .outputInterface: try write("-o", interface: value, inverted, to: &line)
      default:
        let number = try value.protocolNumber()
        if !inverted { impliedMatch = Self.impliedMatches[number] }
        line.write(protocol: number, inverted: inverted)
      }
    }
    if texts[option.rawValue] != nil { throw Malformation("\(word.text) stands here twice") }
    texts[option.rawValue] = line.bytes
  }

  /// Writes a network, with the bits outside of its mask cleared; nothing for all addresses.
  private func write(
    _ option: StaticString, addresses word: Word, _ inverted: Bool, to line: inout LineWriter
  ) throws(Malformation) {
    let (address, mask) = try word.addressAndMask(family)
    if mask.isZero, !inverted { return }
    line.write(option, AddressMatch(address: address, mask: mask, inverted: inverted))
  }

  private func write(
    _ option: StaticString, interface word: Word, _ inverted: Bool, to line: inout LineWriter
  ) throws(Malformation) {
    guard (1...15).contains(word.bytes.count), !word.bytes.elementsEqual("!".utf8) else {
      throw word.isNot("an interface's name")
    }
    let isPrefix = word.bytes.last == UInt8(ascii: "+")
    let name = word.bytes.dropLast(isPrefix ? 1 : 0)
    line.write(option, interface: name.span, isPrefix: isPrefix, inverted: inverted)
  }

  private static let impliedMatches: [UInt8: String] = [
    1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 50: "esp", 51: "ah", 58: "icmp6", 132: "sctp",
    135: "mh", 136: "udplite",
  ]
}

/// The options that iptables itself understands, by each of their names. What is none of these
/// belongs to the match or target before it.
enum BuiltInOption: Int {
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
