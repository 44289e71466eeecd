internal import Netfilter

extension Extension {
  /// Matches of where a packet comes from and where it goes to.
  static var origins: [Extension] {
    [
      // `struct xt_addrtype_info`, `struct xt_addrtype_info_v1`.
      Extension(
        "addrtype", size: 12,
        options: addressTypes(sourceInverted: .nonzero(.u32(4)), .nonzero(.u32(8)))),
      Extension(
        "addrtype", 1...1, size: 8,
        options: addressTypes(sourceInverted: .bit(1, at: 4), .bit(2, at: 4)) + [
          Option("--limit-iface-in", bit: 4, at: 4),
          Option("--limit-iface-out", bit: 8, at: 4),
        ]),
      // `struct ipt_iprange_info`, `struct xt_iprange_mtinfo`.
      Extension(
        "iprange", 0...0, .ipv4, size: 20,
        Option("--src-range", .addresses(0, 4), if: .bit(1, at: 16), not: .bit(16, at: 16)),
        Option("--dst-range", .addresses(8, 12), if: .bit(2, at: 16), not: .bit(32, at: 16))),
      Extension(
        "iprange", 1...1, size: 68,
        Option("--src-range", .addresses(0, 16), if: .bit(1, at: 64), not: .bit(16, at: 64)),
        Option("--dst-range", .addresses(32, 48), if: .bit(2, at: 64), not: .bit(32, at: 64))),
      Extension("mac", size: 12) { info, line in
        line.option("--mac-source", inverted: info.u32(8) != 0)
        for offset in 0..<6 {
          line.append(offset == 0 ? " " : ":")
          line.append(hexadecimal: info.u8(offset), digits: 2)
        }
      },
      // `struct xt_physdev_info`: names and masks of 16 bytes, then inversion and use of each option.
      Extension(
        "physdev", size: 66,
        Option("--physdev-is-in", bit: 8, at: 65, inverted: 64),
        Option("--physdev-in", .text(0, size: 16), bit: 1, at: 65, inverted: 64),
        Option("--physdev-is-out", bit: 16, at: 65, inverted: 64),
        Option("--physdev-out", .text(32, size: 16), bit: 2, at: 65, inverted: 64),
        Option("--physdev-is-bridged", bit: 4, at: 65, inverted: 64)),
      Extension(
        "pkttype", size: 8,
        Option(
          "--pkt-type", .name(.u32(0), [0: "unicast", 1: "broadcast", 2: "multicast"]),
          not: .nonzero(.u32(4)))),
      Extension(
        "rpfilter", size: 1,
        Option("--loose", bit: 1, at: 0),
        Option("--validmark", bit: 2, at: 0),
        Option("--accept-local", bit: 4, at: 0),
        Option("--invert", bit: 8, at: 0)),
    ]
  }

  private static func addressTypes(
    sourceInverted: Condition, _ destinationInverted: Condition
  ) -> [Option] {
    let types = OptionNames.addressTypes
    return [
      Option("--src-type", .bits(.u16(0), types), if: .nonzero(.u16(0)), not: sourceInverted),
      Option("--dst-type", .bits(.u16(2), types), if: .nonzero(.u16(2)), not: destinationInverted),
    ]
  }
}

extension Value {
  /// The first and the last of a range of addresses.
  fileprivate static func addresses(_ first: Int, _ last: Int) -> Value {
    Value { info, line in
      line.word(info.address(line.family, first))
      line.append("-")
      line.append(info.address(line.family, last))
    }
  }
}

extension Extension {
  /// Matches of what a packet's interface, its route or its processor belongs to.
  static var groups: [Extension] {
    [
      Extension(
        "devgroup", size: 20,
        Option("--src-group", .group(4, zero: "default"), if: .bit(1, at: 0), not: .bit(2, at: 0)),
        Option("--dst-group", .group(12, zero: "default"), if: .bit(4, at: 0), not: .bit(8, at: 0))),
      Extension(
        "realm", 0...0, .ipv4, size: 12,
        Option("--realm", .group(0, zero: "cosmos"), not: .nonzero(.u8(8)))),
      Extension("cpu", size: 8, Option("--cpu", .number(.u32(0)), not: .nonzero(.u32(4)))),
      Extension(
        "cluster", size: 16,
        Option(
          "--cluster-local-nodemask", .hexadecimal(.u32(4), digits: 8), not: .bit(1, at: 12)),
        Option("--cluster-total-nodes", .number(.u32(0))),
        Option("--cluster-hash-seed", .hexadecimal(.u32(8), digits: 8))),
    ]
  }
}

extension Value {
  /// A number and its mask. Zero has the name that iproute2 comes with; others are a node's own.
  fileprivate static func group(_ offset: Int, zero: StaticString) -> Value {
    let mark = Value.mark(.u32(offset), mask: .u32(offset + 4))
    return Value { info, line in
      if info.u32(offset) == 0, info.u32(offset + 4) == 0xffff_ffff { return line.word(zero) }
      mark.write(info, &line)
    }
  }
}

extension Extension {
  /// `struct xt_policy_info`: four elements of 76 bytes, flags, and how many elements are in use.
  static var policies: [Extension] {
    [
      Extension("policy", size: 308) { info, line in
        let count = Int(info.u16(306))
        if count > 4 { return line.fail() }
        line.option(info.has(1, at: 304) ? "--dir in" : "--dir out")
        line.option(info.has(4, at: 304) ? "--pol none" : "--pol ipsec")
        if info.has(8, at: 304) { line.option("--strict") }
        for index in 0..<count {
          if index > 0 { line.option("--next") }
          let element = info.extracting(76 * index..<76 * (index + 1))
          for option in policyOptions { option.write(element, to: &line) }
        }
      }
    ]
  }

  /// Those of an element, `struct xt_policy_elem`.
  private static let policyOptions = [
    Option("--reqid", .number(.u32(68)), bit: 32, at: 74, inverted: 75),
    Option("--spi", .hexadecimal(.u32(64)), bit: 16, at: 74, inverted: 75),
    Option(
      "--proto", Value { $1.word(protocol: $0.byte(72)) }, bit: 4, at: 74, inverted: 75),
    Option(
      "--mode", Value { $1.word($0.byte(73) == 0 ? "transport" : "tunnel") },
      bit: 8, at: 74, inverted: 75),
    Option("--tunnel-dst", .network(32, mask: 48), bit: 2, at: 74, inverted: 75),
    Option("--tunnel-src", .network(0, mask: 16), bit: 1, at: 74, inverted: 75),
  ]
}
