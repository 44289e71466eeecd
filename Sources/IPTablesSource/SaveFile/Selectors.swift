internal import Netfilter

/// The built-in selectors of a rule, as they are met.
struct Selectors {
  private let family: IPFamily
  private var source: AddressMatch?
  private var destination: AddressMatch?
  private var inputInterface: InterfaceMatch?
  private var outputInterface: InterfaceMatch?
  private(set) var ipProtocol: ProtocolMatch?
  private var invertedFragment: Bool?

  init(family: IPFamily) { self.family = family }

  /// The selectors that restrict something, in the order of ``Match``'s cases.
  var matches: [Match] {
    var matches: [Match] = []
    if let source, source.inverted || !source.mask.isZero { matches.append(.source(source)) }
    if let destination, destination.inverted || !destination.mask.isZero {
      matches.append(.destination(destination))
    }
    if let inputInterface { matches.append(.inputInterface(inputInterface)) }
    if let outputInterface { matches.append(.outputInterface(outputInterface)) }
    if let ipProtocol, ipProtocol.inverted || ipProtocol.number != 0 {
      matches.append(.protocol(ipProtocol))
    }
    if let invertedFragment { matches.append(.fragment(inverted: invertedFragment)) }
    return matches
  }

  /// Takes the value of `option`, which must be a selector.
  mutating func take(
    _ option: BuiltInOption, named word: Word, inverted: Bool, from cursor: inout WordCursor
  ) throws(Malformation) {
    if option == .fragment { return try set(&invertedFragment, to: inverted, by: word) }
    // iptables 1.4 wrote `-s ! 10.0.0.1`.
    let inverted = cursor.takeNegation() != inverted
    let value = try cursor.value(of: word)
    switch option {
    case .source: try set(&source, to: addresses(value, inverted), by: word)
    case .destination: try set(&destination, to: addresses(value, inverted), by: word)
    case .inputInterface: try set(&inputInterface, to: interface(value, inverted), by: word)
    case .outputInterface: try set(&outputInterface, to: interface(value, inverted), by: word)
    case .protocol:
      let number = try ProtocolNames.number(of: value)
      try set(&ipProtocol, to: ProtocolMatch(number: number, inverted: inverted), by: word)
    case .fragment, .match, .jump, .goto: break
    }
  }

  private func set<Value>(
    _ selector: inout Value?, to value: Value?, by word: Word
  ) throws(Malformation) {
    if selector != nil { throw Malformation("\(word.text) stands here twice") }
    selector = value
  }

  private func addresses(_ word: Word, _ inverted: Bool) throws(Malformation) -> AddressMatch {
    let (address, mask) = try word.addressAndMask(family)
    return AddressMatch(address: address, mask: mask, inverted: inverted)
  }

  /// Nil for `+`, which is every interface.
  private func interface(_ word: Word, _ inverted: Bool) throws(Malformation) -> InterfaceMatch? {
    guard (1...15).contains(word.bytes.count) else { throw word.isNot("an interface's name") }
    let isPrefix = word.bytes.last == UInt8(ascii: "+")
    let name = isPrefix ? word.bytes.dropLast() : word.bytes
    if name.isEmpty, !inverted { return nil }
    return InterfaceMatch(
      name: ByteString(bytes: Array(name)), isPrefix: isPrefix, inverted: inverted)
  }
}
