/// The range of an address translation: `DNAT`, `SNAT`, `MASQUERADE`, `REDIRECT`.
///
/// C counterparts: `struct nf_nat_ipv4_multi_range_compat`, `nf_nat_range` and `nf_nat_range2`.
public struct AddressTranslation: Sendable, Hashable {
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
}

extension AddressTranslation: CustomStringConvertible {
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
