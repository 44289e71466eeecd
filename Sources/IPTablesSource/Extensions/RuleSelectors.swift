internal import Netfilter
internal import XTables

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

extension LineWriter {
  /// Appends an extension as the kernel has it.
  ///
  /// - Parameters:
  ///   - name: The name, up to the first zero.
  ///   - info: The extension's struct.
  mutating func write(
    _ role: XTables.Role, _ name: KernelBytes, revision: UInt8, info: KernelBytes,
    with extensions: XTables
  ) {
    name.text.withSpan { name in
      info.withSpan { info in
        extensions.write(role, name, revision: revision, info: info, to: &self)
      }
    }
  }

  /// Appends an extension whose struct was put together here.
  mutating func write(
    _ role: XTables.Role, _ name: StaticString, revision: UInt8 = 0, info: StructBytes,
    with extensions: XTables
  ) {
    extensions.write(
      role, Array(name.description.utf8).span, revision: revision, info: info.bytes.span, to: &self)
  }
}

/// A kernel's struct while it is put together: what nf_tables has as expressions of its own, in the form
/// that x_tables has it in.
struct StructBytes {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// Appends a number in the machine's order.
  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }

  mutating func append(_ text: KernelBytes) { bytes += text.array }

  /// Appends zeros up to that size.
  mutating func pad(to size: Int) {
    bytes.append(contentsOf: repeatElement(0, count: max(0, size - bytes.count)))
  }
}
