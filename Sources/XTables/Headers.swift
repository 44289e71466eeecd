internal import Netfilter

extension Extension {
  /// Matches of fields in the headers of packets.
  static var headers: [Extension] {
    [
      // `struct ipt_icmp`: type, both ends of the code, inversion.
      Extension(
        "icmp", 0...0, .ipv4, size: 4,
        Option("--icmp-type", .typeAndCode(any: .max), not: .bit(1, at: 3))),
      Extension(
        "icmp6", 0...0, .ipv6, size: 4,
        Option("--icmpv6-type", .typeAndCode(any: nil), not: .bit(1, at: 3))),
      // `struct ipt_ttl_info`, `struct ip6t_hl_info`.
      Extension("ttl", 0...0, .ipv4, size: 2) { writeHops("--ttl", $0, to: &$1) },
      Extension("hl", 0...0, .ipv6, size: 2) { writeHops("--hl", $0, to: &$1) },
      Extension(
        "length", size: 6, Option("--length", .range(.u16(0), .u16(2)), not: .bit(1, at: 4))),
      Extension("tcpmss", size: 6, Option("--mss", .range(.u16(0), .u16(2)), not: .bit(1, at: 4))),
      Extension(
        "dscp", size: 2, Option("--dscp", .hexadecimal(.u8(0), digits: 2), not: .nonzero(.u8(1)))),
      // `struct xt_tos_match_info` has the mask before the value.
      Extension(
        "tos", 1...1, size: 3, Option("--tos", .maskedByte(1, mask: 0), not: .nonzero(.u8(2)))),
      Extension("esp", size: 12, .indexes("--espspi", not: .bit(1, at: 8))),
      Extension("ah", 0...0, .ipv4, size: 12, .indexes("--ahspi", not: .bit(1, at: 8))),
      Extension(
        "ipcomp", size: 12,
        .indexes("--ipcompspi", not: .bit(1, at: 8)), Option("--compres", if: .nonzero(.u8(9)))),
      Extension(
        "ecn", size: 4,
        Option("--ecn-tcp-ece", bit: 0x10, at: 0, inverted: 1),
        Option("--ecn-tcp-cwr", bit: 0x20, at: 0, inverted: 1),
        Option(
          "--ecn-ip-ect", .name(.u8(2), [0: "0", 1: "1", 2: "2", 3: "3"]), bit: 1, at: 0,
          inverted: 1)
      ),
      // `struct nf_osf_info`. The operating system's name isn't quoted, whatever is in it.
      Extension(
        "osf", size: 48,
        Option("--genre", .text(0, size: 32), not: .bit(8, at: 36)),
        Option("--ttl", .name(.u32(44), [0: "0", 1: "1", 2: "2"]), bit: 2, at: 36),
        Option("--log", .name(.u32(40), [0: "0", 1: "1", 2: "2"]), bit: 4, at: 36)),
    ]
  }

  /// The mode (equal, not equal, less, greater) and the number.
  private static func writeHops(
    _ option: StaticString, _ info: Span<UInt8>, to line: inout LineWriter
  ) {
    let mode = info.byte(0)
    if mode > 3 { return line.fail() }
    line.option(option, inverted: mode == 1)
    line.append(mode < 2 ? "-eq" : mode == 2 ? "-lt" : "-gt")
    line.word(number: info.u8(1))
  }
}

extension Extension {
  /// Matches of headers that only IPv6 has.
  static var headersIPv6: [Extension] {
    [
      Extension(
        "ah", 0...0, .ipv6, size: 16,
        .indexes("--ahspi", not: .bit(1, at: 13)),
        Option(
          "--ahlen", .number(.u32(8)), if: .nonzeroOrBit(.u32(8), 2, at: 13),
          not: .bit(2, at: 13)),
        Option("--ahres", if: .nonzero(.u8(12)))),
      Extension(
        "frag", 0...0, .ipv6, size: 16,
        .indexes("--fragid", not: .bit(1, at: 13)),
        Option("--fraglen", .number(.u32(8)), bit: 2, at: 12, inverted: 13),
        Option("--fragres", bit: 4, at: 12),
        Option("--fragfirst", bit: 8, at: 12),
        Option("--fragmore", bit: 16, at: 12),
        Option("--fraglast", bit: 32, at: 12)),
      Extension("hbh", 0...0, .ipv6, size: 40) { writeOptions("--hbh", $0, to: &$1) },
      Extension("dst", 0...0, .ipv6, size: 40) { writeOptions("--dst", $0, to: &$1) },
      Extension(
        "rt", 0...0, .ipv6, size: 280,
        Option("--rt-type", .number(.u32(0)), bit: 1, at: 16, inverted: 17),
        Option(
          "--rt-segsleft", .range(.u32(4), .u32(8)), if: .spans(.u32(4), .u32(8)),
          not: .bit(2, at: 17)),
        Option("--rt-len", .number(.u32(12)), bit: 4, at: 16, inverted: 17),
        Option("--rt-0-res", bit: 8, at: 16),
        Option("--rt-0-addrs", bit: 16, at: 16),
        Option(writeRoute),
        Option("--rt-0-not-strict", bit: 32, at: 16)),
      // It has a struct, and nothing in it.
      Extension("eui64", 0...0, .ipv6, size: 4),
      Extension("ipv6header", 0...0, .ipv6, size: 3) { info, line in
        if info.byte(0) == 0 { line.fail() }
        line.option("--header", inverted: info.byte(1) != 0)
        line.word(bits: info.u8(0), headerNames)
        if info.byte(2) != 0 { line.option("--soft") }
      },
      Extension(
        "mh", 0...0, .ipv6, size: 3,
        Option(
          "--mh-type", .range(.u8(0), .u8(1)), if: .spans(.u8(0), .u8(1)), not: .bit(1, at: 2))),
      Extension("srh", 0...0, .ipv6, size: 10, options: segments(flags: 6)),
      // `struct ip6t_srh1`: addresses of three segments, and then their masks.
      Extension(
        "srh", 1...1, .ipv6, size: 108,
        options: segments(flags: 104)
          + [
            Option("--srh-psid", .segment(8, mask: 56), bit: 8, at: 105, inverted: 107),
            Option("--srh-nsid", .segment(24, mask: 72), bit: 16, at: 105, inverted: 107),
            Option("--srh-lsid", .segment(40, mask: 88), bit: 32, at: 105, inverted: 107),
          ]),
    ]
  }

  private static let headerNames: Names = [
    128: "hop-by-hop", 64: "ipv6-opts", 32: "ipv6-route", 16: "ipv6-frag", 8: "ah", 4: "esp",
    2: "ipv6-nonxt", 1: "protocol",
  ]

  /// `struct ip6t_opts`: an option's type in the upper byte, its length, or 255, in the lower.
  private static func writeOptions(
    _ prefix: StaticString, _ info: Span<UInt8>, to line: inout LineWriter
  ) {
    let count = Int(info.byte(38))
    if count > 16 { return line.fail() }
    if info.has(1, at: 4) {
      line.option(prefix, inverted: info.has(1, at: 5))
      line.append("-len ")
      line.append(number: info.u32(0))
    }
    if info.has(2, at: 4) {
      line.option(prefix)
      line.append("-opts")
    }
    for index in 0..<count {
      line.append(index == 0 ? " " : ",")
      line.append(number: info.u8(7 + 2 * index))
      if info.byte(6 + 2 * index) != 255 {
        line.append(":")
        line.append(number: info.u8(6 + 2 * index))
      }
    }
    if info.has(4, at: 4) {
      line.option(prefix)
      line.append("-not-strict")
    }
  }

  /// At most 16 addresses.
  private static func writeRoute(_ info: Span<UInt8>, to line: inout LineWriter) {
    let count = Int(info.byte(276))
    if count > 16 { return line.fail() }
    for index in 0..<count {
      line.append(index == 0 ? " " : ",")
      line.append(info.address(.ipv6, 20 + 16 * index))
    }
  }

  /// The options of both revisions, in the order of the bits in two bytes; inversion stands behind them.
  private static func segments(flags: Int) -> [Option] {
    let fields: [(option: StaticString, number: Number)] = [
      ("--srh-next-hdr", .u8(0)), ("--srh-hdr-len-eq", .u8(1)), ("--srh-hdr-len-gt", .u8(1)),
      ("--srh-hdr-len-lt", .u8(1)), ("--srh-segs-left-eq", .u8(2)),
      ("--srh-segs-left-gt", .u8(2)), ("--srh-segs-left-lt", .u8(2)),
      ("--srh-last-entry-eq", .u8(3)), ("--srh-last-entry-gt", .u8(3)),
      ("--srh-last-entry-lt", .u8(3)), ("--srh-tag", .u16(4)),
    ]
    return fields.enumerated().map { index, field in
      let (byte, bit) = (flags + index / 8, UInt8(1) << UInt8(index % 8))
      return Option(
        field.option, .number(field.number), if: .bit(bit, at: byte), not: .bit(bit, at: byte + 2))
    }
  }
}

extension Option {
  /// Two numbers at the struct's beginning, which aren't written where they are a range of all.
  fileprivate static func indexes(_ name: StaticString, not inversion: Condition) -> Option {
    Option(name, .range(.u32(0), .u32(4)), if: .spans(.u32(0), .u32(4)), not: inversion)
  }
}

extension Value {
  /// A type of ICMP, and its code if that isn't of all; `any` for all types whatever the code is.
  fileprivate static func typeAndCode(any: UInt8?) -> Value {
    Value { info, line in
      if info.byte(0) == any { return line.word("any") }
      line.word(number: info.u8(0))
      if info.byte(1) == 0, info.byte(2) == .max { return }
      line.append("/")
      line.append(number: info.u8(1))
    }
  }

  /// Two bytes, as `0x04/0x0f`.
  static func maskedByte(_ value: Int, mask: Int) -> Value {
    Value { info, line in
      line.word(hexadecimal: info.u8(value), digits: 2)
      line.append("/0x")
      line.append(hexadecimal: info.u8(mask), digits: 2)
    }
  }

  /// An address of IPv6 and the length of its prefix.
  fileprivate static func segment(_ offset: Int, mask: Int) -> Value {
    Value { info, line in
      let mask = info.address(.ipv6, mask)
      if mask.prefixLength == nil { line.fail() }
      line.word(info.address(.ipv6, offset), mask: mask, always: true)
    }
  }
}
