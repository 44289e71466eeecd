internal import Netfilter

/// A rule's selectors, each at most once.
struct RuleSelectors {
  var source: AddressMatch?
  var destination: AddressMatch?
  var input: InterfaceSelector?
  var output: InterfaceSelector?
  var ipProtocol: (number: UInt8, isInverted: Bool)?
  /// Whether fragments but the first are excluded.
  var excludesFragments: Bool?

  /// The protocol that the rule is restricted to.
  var restrictedProtocol: UInt8? {
    ipProtocol.flatMap { $0.isInverted ? nil : $0.number }
  }

  /// Sets a selector; false where there is no value, or the rule has the selector already, which none of
  /// iptables has.
  @inline(__always)
  static func set<Value>(_ selector: inout Value?, _ value: Value?) -> Bool {
    guard selector == nil, let value else { return false }
    selector = value
    return true
  }

  /// Writes them in iptables' order.
  func write(to line: inout LineWriter) {
    if let source { line.write("-s", source) }
    if let destination { line.write("-d", destination) }
    if let input { line.write("-i", input) }
    if let output { line.write("-o", output) }
    if let ipProtocol { line.write(protocol: ipProtocol.number, inverted: ipProtocol.isInverted) }
    if let excludesFragments { line.option("-f", inverted: excludesFragments) }
  }
}

/// What an interface's name is compared with: another name, or its beginning.
struct InterfaceSelector {
  let name: ArraySlice<UInt8>
  let isPrefix: Bool
  let isInverted: Bool
}

extension LineWriter {
  /// Appends `-s` or `-d`; nothing for all addresses.
  mutating func write(_ option: StaticString, _ match: AddressMatch) {
    if match.mask.isZero, !match.inverted { return }
    self.option(option, inverted: match.inverted)
    word(match.address, mask: match.mask, always: true)
  }

  fileprivate mutating func write(_ option: StaticString, _ interface: InterfaceSelector) {
    write(
      option, interface: interface.name.span, isPrefix: interface.isPrefix,
      inverted: interface.isInverted)
  }

  /// Appends `-i` or `-o`; nothing for a prefix that all names begin with, be it inverted or not.
  mutating func write(
    _ option: StaticString, interface name: Span<UInt8>, isPrefix: Bool, inverted: Bool
  ) {
    if isPrefix, name.isEmpty { return }
    self.option(option, inverted: inverted)
    word(name)
    if isPrefix { append("+") }
  }

  /// Appends `-p`; nothing for that of all protocols, be it inverted or not.
  mutating func write(protocol number: UInt8, inverted: Bool) {
    if number == 0 { return }
    option("-p", inverted: inverted)
    word(protocol: number)
  }
}
