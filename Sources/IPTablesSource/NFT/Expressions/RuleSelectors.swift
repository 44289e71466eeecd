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

  /// Sets a selector; false where the rule has it already, which none of iptables has.
  @inline(__always)
  static func set<Value>(_ selector: inout Value?, _ value: Value) -> Bool {
    guard selector == nil else { return false }
    selector = value
    return true
  }

  /// Writes them in iptables' order.
  func write(to line: inout LineWriter) {
    if let source { line.write("-s", source) }
    if let destination { line.write("-d", destination) }
    if let input { input.write("-i", to: &line) }
    if let output { output.write("-o", to: &line) }
    if let ipProtocol { line.write(protocol: ipProtocol.number, inverted: ipProtocol.isInverted) }
    if let excludesFragments { line.option("-f", inverted: excludesFragments) }
  }
}

/// What an interface's name is compared with.
struct InterfaceSelector {
  private let name: RegisterValue
  private let isInverted: Bool

  /// A name ends with a zero, a prefix doesn't. Nil where other bytes follow a zero.
  init?(_ name: RegisterValue, inverted: Bool) {
    guard name.hasText else { return nil }
    self.name = name
    isInverted = inverted
  }

  /// Writes `-i` or `-o`, but no `! -i +`, which iptables stores as a name that no interface has.
  fileprivate func write(_ option: StaticString, to line: inout LineWriter) {
    if name == .impossibleInterface, !isInverted { return }
    let text = (0..<name.textCount).map { name.byte($0) }
    line.write(
      option, interface: text.span, isPrefix: text.count == name.count, inverted: isInverted)
  }
}
