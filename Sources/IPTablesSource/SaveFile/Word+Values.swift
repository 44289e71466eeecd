internal import Netfilter

extension IPFamily {
  /// The mask of one address.
  var fullMask: IPAddress {
    switch self {
    case .ipv4: IPAddress(ipv4: .max)
    case .ipv6: IPAddress(ipv6High: .max, low: .max)
    }
  }

  /// `0.0.0.0` or `::`.
  var zeroAddress: IPAddress {
    switch self {
    case .ipv4: IPAddress(ipv4: 0)
    case .ipv6: IPAddress(ipv6High: 0, low: 0)
    }
  }
}

extension Word {
  /// A number as C writes it: decimal, hexadecimal after `0x`, octal after `0`.
  func number<Value: FixedWidthInteger>(
    _: Value.Type = Value.self, named what: String = "a number"
  ) throws(Malformation) -> Value {
    guard let value = Value(asInC: bytes) else { throw isNot(what) }
    return value
  }

  func port() throws(Malformation) -> UInt16 {
    guard let port = UInt16(decimal: bytes) else { throw isNot("a port") }
    return port
  }

  /// `80`, `80:90`, `:90` or `80:`, as the tcp, udp, sctp and multiport matches have them. iptables
  /// also takes, holds and saves `90:80`, which is no port.
  func portRange(inverted: Bool = false) throws(Malformation) -> PortRange {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
      let port = try port()
      return PortRange(first: port, last: port, inverted: inverted)
    }
    let lower = bytes[..<colon]
    let upper = bytes[(colon + 1)...]
    guard let first = lower.isEmpty ? 0 : UInt16(decimal: lower),
      let last = upper.isEmpty ? .max : UInt16(decimal: upper)
    else { throw isNot("a range of ports") }
    return PortRange(first: first, last: last, inverted: inverted)
  }

  func address(_ family: IPFamily) throws(Malformation) -> IPAddress {
    guard let address = IPAddress(text), address.family == family else {
      throw isNot("an \(family.rawValue) address")
    }
    return address
  }

  /// An address, and after a slash the length of its prefix or a mask; without it, the full mask.
  func addressAndMask(_ family: IPFamily) throws(Malformation) -> (IPAddress, mask: IPAddress) {
    let parts = split("/", maxSplits: 1)
    let address = try parts[0].address(family)
    guard parts.count == 2 else { return (address, family.fullMask) }
    if let length = Int(decimal: parts[1].bytes) {
      guard let mask = IPAddress(family: family, prefixLength: length) else {
        throw isNot("an \(family.rawValue) network")
      }
      return (address, mask)
    }
    return (address, try parts[1].address(family))
  }

  /// `value` or `value/mask`; the mask is nil where there is none.
  func markAndMask() throws(Malformation) -> (value: UInt32, mask: UInt32?) {
    let parts = split("/", maxSplits: 1)
    let value = try parts[0].number(UInt32.self, named: "a mark")
    guard parts.count == 2 else { return (value, nil) }
    return (value, try parts[1].number(UInt32.self, named: "a mark's mask"))
  }

  /// The sum of the flags that stand here by name, between commas; nil where one is not known.
  func flags<Value: FixedWidthInteger>(_ named: [String: Value]) -> Value? {
    var sum: Value = 0
    for part in split(",") {
      guard let flag = named[part.text.uppercased()] else { return nil }
      sum |= flag
    }
    return sum
  }
}

extension FixedWidthInteger {
  /// Nil where the text is empty, not all digits, or too large.
  init?(decimal text: ArraySlice<UInt8>) { self.init(digits: text, radix: 10) }

  init?(asInC text: ArraySlice<UInt8>) {
    guard text.count > 1, text.first == UInt8(ascii: "0") else {
      self.init(digits: text, radix: 10)
      return
    }
    let rest = text.dropFirst()
    if rest.first == UInt8(ascii: "x") || rest.first == UInt8(ascii: "X") {
      self.init(digits: rest.dropFirst(), radix: 16)
    } else {
      self.init(digits: rest, radix: 8)
    }
  }

  private init?(digits text: ArraySlice<UInt8>, radix: UInt8) {
    guard !text.isEmpty else { return nil }
    var value: Self = 0
    for byte in text {
      guard let digit = byte.digitValue, digit < radix else { return nil }
      let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: Self(radix))
      let (sum, isTooLargeNow) = shifted.addingReportingOverflow(Self(digit))
      guard !isTooLarge, !isTooLargeNow else { return nil }
      value = sum
    }
    self = value
  }
}

extension UInt8 {
  fileprivate var digitValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
