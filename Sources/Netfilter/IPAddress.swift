/// An IPv4 or IPv6 address, or a mask of one, in network order.
public struct IPAddress: Sendable, Hashable {
  public let family: IPFamily
  /// The 128 bits of an IPv6 address; an IPv4 address stands in the upper 32 of ``high``.
  public let high: UInt64
  public let low: UInt64

  public init(ipv4 value: UInt32) {
    self.family = .ipv4
    self.high = UInt64(value) << 32
    self.low = 0
  }

  public init(ipv6High high: UInt64, low: UInt64) {
    self.family = .ipv6
    self.high = high
    self.low = low
  }

  /// The mask whose first `length` bits are ones; nil where the family has fewer bits.
  public init?(family: IPFamily, prefixLength length: Int) {
    guard length >= 0, length <= (family == .ipv4 ? 32 : 128) else { return nil }
    self.family = family
    self.high = length == 0 ? 0 : ~UInt64(0) << UInt64(max(0, 64 - length))
    self.low = length <= 64 ? 0 : ~UInt64(0) << UInt64(128 - length)
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

  private init(family: IPFamily, high: UInt64, low: UInt64) {
    self.family = family
    self.high = high
    self.low = low
  }
}

extension IPFamily {
  /// The mask of one address.
  public var fullMask: IPAddress {
    switch self {
    case .ipv4: IPAddress(ipv4: .max)
    case .ipv6: IPAddress(ipv6High: .max, low: .max)
    }
  }
}
