/// `-s` or `-d`: an address under a mask.
public struct AddressMatch: Sendable, Hashable {
  /// The address, with the bits outside ``mask`` cleared.
  public let address: IPAddress
  public let mask: IPAddress
  public let inverted: Bool

  public init(address: IPAddress, mask: IPAddress, inverted: Bool = false) {
    self.address = address.masked(by: mask)
    self.mask = mask
    self.inverted = inverted
  }

  /// Whether it is one address: a full mask, not inverted.
  public var isHost: Bool {
    !inverted && mask.prefixLength == (address.family == .ipv4 ? 32 : 128)
  }
}

/// `-i` or `-o`: an interface's name, or with ``isPrefix`` the beginning of one (`eth+`).
public struct InterfaceMatch: Sendable, Hashable {
  /// The name's bytes, without the `+`.
  public let name: Comment
  public let isPrefix: Bool
  public let inverted: Bool

  public init(name: Comment, isPrefix: Bool, inverted: Bool = false) {
    self.name = name
    self.isPrefix = isPrefix
    self.inverted = inverted
  }
}

/// `-p`: an IP protocol.
public struct ProtocolMatch: Sendable, Hashable {
  public let number: UInt8
  public let inverted: Bool

  public init(number: UInt8, inverted: Bool = false) {
    self.number = number
    self.inverted = inverted
  }

  public static let tcp = ProtocolMatch(number: 6)
  public static let udp = ProtocolMatch(number: 17)
  public static let sctp = ProtocolMatch(number: 132)
}

/// A range of ports, both ends included; the default is every port, which restricts nothing.
public struct PortRange: Sendable, Hashable {
  public let first: UInt16
  public let last: UInt16
  public let inverted: Bool

  public init(first: UInt16 = 0, last: UInt16 = .max, inverted: Bool = false) {
    self.first = first
    self.last = last
    self.inverted = inverted
  }

  public static let any = PortRange()

  /// The port, where the range is one port and not inverted.
  public var single: UInt16? { first == last && !inverted ? first : nil }
}
