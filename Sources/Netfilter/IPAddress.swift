/// The address family whose tables are meant; the raw value is the label value that kube-proxy's own
/// metrics use.
public enum IPFamily: String, Sendable, Hashable, CaseIterable, Comparable {
  case ipv4 = "IPv4"
  case ipv6 = "IPv6"

  public static func < (left: IPFamily, right: IPFamily) -> Bool { left == .ipv4 && right == .ipv6 }

  /// The mask of one address.
  public var fullMask: IPAddress {
    switch self {
    case .ipv4: IPAddress(ipv4: .max)
    case .ipv6: IPAddress(ipv6High: .max, low: .max)
    }
  }
}

/// An IPv4 or IPv6 address, or a mask of one, in network order.
public struct IPAddress: Sendable, Hashable {
  public let family: IPFamily
  /// The 128 bits of an IPv6 address; an IPv4 address stands in the upper 32 of ``high``.
  public let high: UInt64
  public let low: UInt64
}

extension IPAddress {
  public init(ipv4 value: UInt32) { self.init(family: .ipv4, high: UInt64(value) << 32, low: 0) }

  public init(ipv6High high: UInt64, low: UInt64) {
    self.init(family: .ipv6, high: high, low: low)
  }

  /// The mask whose first `length` bits are ones; nil where the family has fewer bits.
  public init?(family: IPFamily, prefixLength length: Int) {
    guard length >= 0, length <= (family == .ipv4 ? 32 : 128) else { return nil }
    self.init(
      family: family, high: length == 0 ? 0 : ~UInt64(0) << UInt64(max(0, 64 - length)),
      low: length <= 64 ? 0 : ~UInt64(0) << UInt64(128 - length))
  }

  /// Whether it is in 127.0.0.0/8, or `::1`.
  public var isLoopback: Bool {
    switch family {
    case .ipv4: high >> 56 == 127
    case .ipv6: high == 0 && low == 1
    }
  }

  public var isZero: Bool { high == 0 && low == 0 }

  /// The number of leading ones where all ones lead, else nil (a mask that is no prefix).
  public var prefixLength: Int? {
    let length =
      high == ~0 ? 64 + (~low).leadingZeroBitCount : (~high).leadingZeroBitCount
    guard let mask = IPAddress(family: family, prefixLength: length), mask == self else {
      return nil
    }
    return length
  }

  /// The address with the bits outside `mask` cleared, as iptables stores it.
  public func masked(by mask: IPAddress) -> IPAddress {
    IPAddress(family: family, high: high & mask.high, low: low & mask.low)
  }

  /// The address with its network's part replaced, as the target `NETMAP` does.
  public func mapped(to network: AddressMatch) -> IPAddress {
    IPAddress(
      family: family, high: high & ~network.mask.high | network.address.high,
      low: low & ~network.mask.low | network.address.low)
  }
}

extension IPAddress: Comparable {
  /// By family, then as numbers.
  public static func < (left: IPAddress, right: IPAddress) -> Bool {
    (left.family, left.high, left.low) < (right.family, right.high, right.low)
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted quad, or RFC 5952's form of an IPv6 address.
  public var description: String {
    var text = LineWriter(family: family)
    text.append(self, embedsCompatible: false)
    return String(decoding: text.bytes, as: UTF8.self)
  }
}

extension IPAddress: LosslessStringConvertible {
  /// Parses a dotted quad or an IPv6 address (with `::` and an embedded dotted quad); nil where the
  /// text is neither. No zone, no prefix length, no host name.
  public init?(_ text: String) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let words = Self.ipv6Words(text) else { return nil }
      self.init(ipv6High: words.high, low: words.low)
    } else {
      let bytes = Array(text.utf8)
      guard let value = bytes.span.ipv4(in: bytes.indices) else { return nil }
      self.init(ipv4: value)
    }
  }

  private static func ipv6Words(_ text: String) -> (high: UInt64, low: UInt64)? {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
    let (isOpenBefore, isOpenBehind) = (text.hasPrefix("::"), text.hasSuffix("::"))
    guard parts.first?.isEmpty == isOpenBefore, parts.last?.isEmpty == isOpenBehind else {
      return nil
    }
    // At either end `::` leaves two empty parts, of which one stands for the zeros.
    if isOpenBefore { parts.removeFirst() }
    if isOpenBehind { parts.removeLast() }
    var groups: [UInt64] = []
    var gap: Int?
    for (index, part) in zip(parts.indices, parts) {
      if part.isEmpty, gap == nil {
        gap = groups.count
      } else if index == parts.endIndex - 1, part.utf8.contains(UInt8(ascii: ".")) {
        let bytes = Array(part.utf8)
        guard let value = bytes.span.ipv4(in: bytes.indices) else { return nil }
        groups += [UInt64(value >> 16), UInt64(value & 0xffff)]
      } else {
        guard part.utf8.count <= 4, !"+-".utf8.contains(part.utf8.first ?? 0),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(UInt64(group))
      }
    }
    let missing = 8 - groups.count
    guard gap == nil ? missing == 0 : missing > 0 else { return nil }
    groups.insert(contentsOf: repeatElement(0, count: missing), at: gap ?? 8)
    let words = [groups[..<4], groups[4...]].map { $0.reduce(0) { $0 << 16 | $1 } }
    return (words[0], words[1])
  }
}
