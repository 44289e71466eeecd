public import Netfilter

/// The fields of a kernel's struct, by their offsets.
///
/// A field that doesn't lie within is zero, or empty. Numbers are in the machine's order, which is little
/// endian on all that Kubernetes runs on, but for those whose name says otherwise.
extension Span<UInt8> {
  func byte(_ offset: Int) -> UInt8 { indices.contains(offset) ? self[offset] : 0 }

  /// Whether one of the bits is set in the byte at `offset`.
  func has(_ bits: UInt8, at offset: Int) -> Bool { byte(offset) & bits != 0 }

  func u8(_ offset: Int) -> UInt64 { UInt64(byte(offset)) }

  func u16(_ offset: Int) -> UInt64 { u8(offset) | u8(offset + 1) << 8 }

  func u32(_ offset: Int) -> UInt64 { u16(offset) | u16(offset + 2) << 16 }

  func u64(_ offset: Int) -> UInt64 { u32(offset) | u32(offset + 4) << 32 }

  /// A number of 16 bits in network order.
  func be16(_ offset: Int) -> UInt64 { u8(offset) << 8 | u8(offset + 1) }

  func be32(_ offset: Int) -> UInt64 { be16(offset) << 16 | be16(offset + 2) }

  func be64(_ offset: Int) -> UInt64 { be32(offset) << 32 | be32(offset + 4) }

  /// An address in network order: the first four bytes of `union nf_inet_addr`, or all of it.
  func address(_ family: IPFamily, _ offset: Int) -> IPAddress {
    switch family {
    case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: be32(offset)))
    case .ipv6: IPAddress(ipv6High: be64(offset), low: be64(offset + 8))
    }
  }

  /// Where the C string in a field of that size stands: what is before the first zero byte.
  func text(_ offset: Int, size: Int) -> Range<Int> {
    let start = Swift.min(offset, count)
    let limit = Swift.min(offset + size, count)
    var end = start
    while end < limit, self[end] != 0 { end += 1 }
    return start..<end
  }
}

/// Names of numbers, or of bits, in the order in which they are written.
public typealias Names = KeyValuePairs<UInt64, StaticString>

/// The names that options have for values, of which readers of saved files know too.
public enum OptionNames {
  public static let addressTypes: Names = [
    1 << 0: "UNSPEC", 1 << 1: "UNICAST", 1 << 2: "LOCAL", 1 << 3: "BROADCAST", 1 << 4: "ANYCAST",
    1 << 5: "MULTICAST", 1 << 6: "BLACKHOLE", 1 << 7: "UNREACHABLE", 1 << 8: "PROHIBIT",
    1 << 9: "THROW", 1 << 10: "NAT", 1 << 11: "XRESOLVE",
  ]

  /// Those of `-m state`, and two that only conntrack has.
  public static let connectionStates: Names = [
    1: "INVALID", 8: "NEW", 4: "RELATED", 2: "ESTABLISHED", 256: "UNTRACKED", 64: "SNAT",
    128: "DNAT",
  ]

  public static let connectionStatuses: Names = [
    1: "EXPECTED", 2: "SEEN_REPLY", 4: "ASSURED", 8: "CONFIRMED",
  ]

  public static let tcpFlags: Names = [
    0x01: "FIN", 0x02: "SYN", 0x04: "RST", 0x08: "PSH", 0x10: "ACK", 0x20: "URG",
  ]

  /// What REJECT answers. C counterparts: `enum ipt_reject_with`, `enum ip6t_reject_with`.
  public static func rejections(_ family: IPFamily) -> Names {
    switch family {
    case .ipv4:
      [
        0: "icmp-net-unreachable", 1: "icmp-host-unreachable", 2: "icmp-proto-unreachable",
        3: "icmp-port-unreachable", 5: "icmp-net-prohibited", 6: "icmp-host-prohibited",
        7: "tcp-reset", 8: "icmp-admin-prohibited",
      ]
    case .ipv6:
      [
        0: "icmp6-no-route", 1: "icmp6-adm-prohibited", 3: "icmp6-addr-unreachable",
        4: "icmp6-port-unreachable", 6: "tcp-reset", 7: "icmp6-policy-fail",
        8: "icmp6-reject-route",
      ]
    }
  }
}

/// Writers for what options have as values, each with a blank before it.
extension LineWriter {
  mutating func word(_ info: Span<UInt8>, text offset: Int, size: Int) {
    word(info.extracting(info.text(offset, size: size)))
  }

  /// Appends the names of the bits that are set, between commas.
  mutating func word(bits: UInt64, _ names: Names) {
    append(" ")
    var separator: StaticString = ""
    for (bit, name) in names where bits & bit != 0 {
      append(separator)
      append(name)
      separator = ","
    }
  }

  /// Appends the number's name; fails where it has none.
  mutating func word(name number: UInt64, _ names: Names) {
    guard let name = names.first(where: { $0.key == number })?.value else { return fail() }
    word(name)
  }
}
