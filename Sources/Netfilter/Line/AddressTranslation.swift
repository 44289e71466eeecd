/// The range of an address translation: `DNAT`, `SNAT`, `MASQUERADE`, `REDIRECT`.
///
/// C counterparts: `struct nf_nat_ipv4_multi_range_compat`, `nf_nat_range` and `nf_nat_range2`.
public struct AddressTranslation: Sendable, Hashable, CustomStringConvertible {
  /// `NF_NAT_RANGE_*`: 1 addresses, 2 ports, 4 random, 8 persistent, 16 fully random, 32 offset.
  public var flags: UInt32
  /// First and last address; zero unless the flags say that addresses are given.
  public var first: IPAddress
  public var last: IPAddress
  /// First and last port; 0 unless the flags say that ports are given.
  public var firstPort: UInt16
  public var lastPort: UInt16
  /// `DNAT --to-destination …:first-last/base`; 0 unless the flags say so.
  public var basePort: UInt16

  public init(
    flags: UInt32, first: IPAddress, last: IPAddress, firstPort: UInt16 = 0,
    lastPort: UInt16 = 0, basePort: UInt16 = 0
  ) {
    self.flags = flags
    self.first = first
    self.last = last
    self.firstPort = firstPort
    self.lastPort = lastPort
    self.basePort = basePort
  }

  public var hasAddress: Bool { flags & 1 != 0 }
  public var hasPort: Bool { flags & 2 != 0 }

  /// As `--to-destination` has it: `10.0.0.1:8080`, `[fd00::1]:8080`, `10.0.0.1-10.0.0.9:80-90`.
  public var description: String {
    var text = ""
    if hasAddress {
      let addresses = first == last ? "\(first)" : "\(first)-\(last)"
      text = hasPort && first.family == .ipv6 ? "[\(addresses)]" : addresses
    }
    if hasPort {
      text += ":\(firstPort)"
      if lastPort != firstPort { text += "-\(lastPort)" }
    }
    return text
  }
}

extension AddressTranslation {
  /// The options of a `DNAT`, with their flags; nil where they don't say where packets are sent.
  ///
  /// A kernel holds one destination. An iptables that doesn't know a rule's revision reads the wrong bytes, and
  /// prints several destinations, or words that are no options.
  ///
  /// - Parameter elements: Those of the line, behind the target's name.
  public init?(ofDNAT elements: inout LineElements, _ line: Span<UInt8>) {
    var translation: AddressTranslation?
    var flags: UInt32 = 0
    while let option = elements.next(line) {
      if line.isText("--to-destination", option.name) {
        guard translation == nil, option.values == option.value,
          let destination = AddressTranslation(line, option.value)
        else { return nil }
        translation = destination
      } else {
        let flag = line.translationFlag(option.name)
        if flag == 0 || !option.values.isEmpty { return nil }
        flags |= flag
      }
    }
    guard let translation else { return nil }
    self = translation
    self.flags |= flags
  }

  /// `10.0.0.1-10.0.0.9:80-90/100`, `:80`, `[fd00::1]:80` or `fd00::1`, as `--to-destination` has them. There is no
  /// port 0: iptables refuses it.
  public init?(_ line: Span<UInt8>, _ range: Range<Int>) {
    var addresses = range
    var ports: Range<Int>?
    let colon = UInt8(ascii: ":")
    if !range.isEmpty, line[range.lowerBound] == UInt8(ascii: "[") {
      guard let close = line.position(of: UInt8(ascii: "]"), in: range) else { return nil }
      addresses = range.lowerBound + 1..<close
      if close + 1 < range.upperBound {
        guard line[close + 1] == colon else { return nil }
        ports = close + 2..<range.upperBound
      }
    } else if let first = line.position(of: colon, in: range),
      line.position(of: colon, in: first + 1..<range.upperBound) == nil
    {
      addresses = range.lowerBound..<first
      ports = first + 1..<range.upperBound
    }
    self.init(flags: 0, first: IPAddress(ipv4: 0), last: IPAddress(ipv4: 0))
    if !addresses.isEmpty {
      guard let ends = line.ends(addresses, { line.address(in: $0) }),
        ends.0.family == ends.1.family
      else { return nil }
      (first, last) = ends
      flags |= 1
    }
    if let ports, !take(ports: ports, line) || firstPort == 0 { return nil }
    if flags == 0 { return nil }
  }

  /// `80`, `80-90` or `80-90/100`, as `--to-ports` has them.
  public init?(ports: Range<Int>, in line: Span<UInt8>) {
    self.init(flags: 0, first: IPAddress(ipv4: 0), last: IPAddress(ipv4: 0))
    if !take(ports: ports, line) { return nil }
  }

  private mutating func take(ports: Range<Int>, _ line: Span<UInt8>) -> Bool {
    let slash = line.position(of: UInt8(ascii: "/"), in: ports)
    let range = ports.lowerBound..<(slash ?? ports.upperBound)
    guard let ends = line.ends(range, { line.number(in: $0) as UInt16? }) else { return false }
    (firstPort, lastPort) = ends
    flags |= 2
    if let slash {
      guard let base: UInt16 = line.number(in: slash + 1..<ports.upperBound) else { return false }
      basePort = base
      flags |= 32
    }
    return true
  }
}

extension Span<UInt8> {
  /// The two values between which a `-` stands; the same twice where there is none.
  fileprivate func ends<Value>(
    _ range: Range<Int>, _ value: (Range<Int>) -> Value?
  ) -> (Value, Value)? {
    guard let dash = position(of: UInt8(ascii: "-"), in: range) else {
      return value(range).map { ($0, $0) }
    }
    guard let first = value(range.lowerBound..<dash), let last = value(dash + 1..<range.upperBound)
    else { return nil }
    return (first, last)
  }
}

extension LineWriter {
  /// Appends addresses and ports as `--to-destination` has them, behind a blank.
  public mutating func word(_ translation: AddressTranslation) {
    append(" ")
    if translation.hasAddress {
      let hasBrackets = translation.hasPort && translation.first.family == .ipv6
      if hasBrackets { append("[") }
      append(translation.first)
      if translation.last != translation.first {
        append("-")
        append(translation.last)
      }
      if hasBrackets { append("]") }
    }
    if translation.hasPort {
      append(":")
      append(portsOf: translation)
    }
  }

  /// Appends ports as `--to-ports` has them, behind a blank.
  public mutating func word(portsOf translation: AddressTranslation) {
    append(" ")
    append(portsOf: translation)
  }

  private mutating func append(portsOf translation: AddressTranslation) {
    append(
      range: UInt64(translation.firstPort), UInt64(translation.lastPort), separator: "-")
    if translation.flags & 32 != 0 {
      append("/")
      append(number: UInt64(translation.basePort))
    }
  }
}
