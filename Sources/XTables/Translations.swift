internal import Netfilter

extension Extension {
  /// Targets that change a packet's addresses and ports.
  static var translations: [Extension] {
    [
      translation("DNAT", 0...0, .ipv4, "--to-destination", .multiRange),
      translation("DNAT", 1...1, nil, "--to-destination", .range),
      translation("DNAT", 2...2, nil, "--to-destination", .shiftedRange),
      translation("SNAT", 0...0, .ipv4, "--to-source", .multiRange),
      translation("SNAT", 1...1, nil, "--to-source", .range),
      translation("SNAT", 2...2, nil, "--to-source", .shiftedRange),
      translation("MASQUERADE", 0...0, .ipv4, "--to-ports", .multiRange, hasAddress: false),
      translation("MASQUERADE", 0...0, .ipv6, "--to-ports", .range, hasAddress: false),
      translation("REDIRECT", 0...0, .ipv4, "--to-ports", .multiRange, hasAddress: false),
      translation("REDIRECT", 0...0, .ipv6, "--to-ports", .range, hasAddress: false),
      Extension("NETMAP", 0...0, .ipv4, size: 20) { info, line in
        let (first, last) = (info.address(.ipv4, 8), info.address(.ipv4, 12))
        writeNetwork(first, last, to: &line)
      },
      Extension("NETMAP", 0...0, .ipv6, size: 40) { info, line in
        let (first, last) = (info.address(.ipv6, 4), info.address(.ipv6, 20))
        writeNetwork(first, last, to: &line)
      },
      Extension("SNPT", size: 36, writePrefixes),
      Extension("DNPT", size: 36, writePrefixes),
    ]
  }

  /// A target of libxt_NAT, which writes addresses and ports, or just ports.
  private static func translation(
    _ name: StaticString, _ revisions: ClosedRange<UInt8>, _ family: IPFamily?,
    _ option: StaticString,
    _ layout: TranslationLayout, hasAddress: Bool = true
  ) -> Extension {
    Extension(name, revisions, family, size: layout.size) { info, line in
      // There are no others in `nf_nat_ipv4_multi_range_compat` than of one range.
      if layout.flags != 0, info.u32(0) != 1 { return line.fail() }
      let flags = info.byte(layout.flags)
      let range = layout.range(info, line.family, flags: flags & (hasAddress ? 35 : 34))
      if range.hasAddress || range.hasPort {
        line.option(option)
        if hasAddress { line.word(range) } else { line.word(portsOf: range) }
      }
      if flags & 4 != 0 { line.option("--random") }
      if flags & 16 != 0 { line.option("--random-fully") }
      if flags & 8 != 0 { line.option("--persistent") }
    }
  }

  /// The network that two addresses, which differ in all bits of the host, are the ends of.
  private static func writeNetwork(
    _ first: IPAddress, _ last: IPAddress, to line: inout LineWriter
  ) {
    let (high, low) = (~(first.high ^ last.high), ~(first.low ^ last.low))
    line.option("--to")
    line.word(
      first,
      mask: first.family == .ipv4
        ? IPAddress(ipv4: UInt32(truncatingIfNeeded: high >> 32))
        : IPAddress(ipv6High: high, low: low), always: true)
  }

  /// `struct ip6t_npt_tginfo`: two prefixes, and the lengths of both.
  private static func writePrefixes(_ info: Span<UInt8>, to line: inout LineWriter) {
    let options: [StaticString] = ["--src-pfx", "--dst-pfx"]
    for (index, option) in options.enumerated() {
      let (prefix, length) = (info.address(.ipv6, 16 * index), info.u8(32 + index))
      if length > 128 { return line.fail() }
      if length == 0, prefix.isZero { continue }
      line.option(option)
      line.word(prefix)
      line.append("/")
      line.append(number: length)
    }
  }
}

/// Where a struct has its range of addresses and ports.
private struct TranslationLayout: Sendable {
  let size: Int
  let flags: Int
  let first: Int
  let last: Int
  let ports: Int
  /// Whether the port that the range begins with stands behind the two others.
  var hasBase = false

  func range(_ info: Span<UInt8>, _ family: IPFamily, flags: UInt8) -> AddressTranslation {
    func port(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: info.be16(offset)) }
    return AddressTranslation(
      flags: UInt32(flags), first: info.address(family, first), last: info.address(family, last),
      firstPort: port(ports), lastPort: port(ports + 2), basePort: hasBase ? port(ports + 4) : 0)
  }

  /// `struct nf_nat_ipv4_multi_range_compat`.
  static let multiRange = TranslationLayout(size: 20, flags: 4, first: 8, last: 12, ports: 16)
  /// `struct nf_nat_range`.
  static let range = TranslationLayout(size: 40, flags: 0, first: 4, last: 20, ports: 36)
  /// `struct nf_nat_range2`.
  static let shiftedRange = TranslationLayout(
    size: 44, flags: 0, first: 4, last: 20, ports: 36, hasBase: true)
}

extension Extension {
  /// Targets that send a packet elsewhere.
  static var pathTargets: [Extension] {
    [
      Extension("REJECT", size: 4) { info, line in
        let kind = info.u32(0)
        line.option("--reject-with")
        if let name = OptionNames.rejections(line.family).first(where: { $0.key == kind })?.value {
          line.word(name)
        } else {
          line.word(number: kind)
        }
      },
      // `struct xt_tproxy_target_info_v1` has an address with room for either family.
      Extension("TPROXY", size: 16, options: proxy(port: 12)),
      Extension("TPROXY", 1...1, size: 28, options: proxy(port: 24)),
      Extension("NFQUEUE", size: 2, Option("--queue-num", .number(.u16(0)))),
      Extension("NFQUEUE", 1...1, size: 4, Option(writeQueues)),
      Extension("NFQUEUE", 2...2, size: 6, Option(writeQueues), bypass),
      Extension(
        "NFQUEUE", 3...3, size: 6,
        Option(writeQueues), bypass, Option("--queue-cpu-fanout", bit: 2, at: 4)),
      Extension(
        "TEE", 1...1, size: 40,
        Option("--gateway", .address(0)),
        Option("--oif", .text(16, size: 16), if: .nonzero(.u8(16)))),
    ]
  }

  private static func proxy(port: Int) -> [Option] {
    [
      Option("--on-port", .number(.be16(port))),
      Option("--on-ip", .address(8)),
      Option("--tproxy-mark", .mark(.u32(4), mask: .u32(0), always: true)),
    ]
  }

  private static func writeQueues(_ info: Span<UInt8>, to line: inout LineWriter) {
    let (first, count) = (info.u16(0), info.u16(2))
    line.option(count > 1 ? "--queue-balance" : "--queue-num")
    line.word(range: first, first + max(count, 1) - 1)
  }

  private static let bypass = Option("--queue-bypass", bit: 1, at: 4)
}
