internal import Netfilter

extension Extension {
  /// Matches of ports: `struct xt_tcp`, `xt_udp`, `xt_dccp_info`, `xt_multiport`, `xt_multiport_v1`.
  static var ports: [Extension] {
    [
      Extension(
        "tcp", size: 12,
        .ports("--sport", 0, not: .bit(1, at: 11)),
        .ports("--dport", 4, not: .bit(2, at: 11)),
        Option(
          "--tcp-option", .number(.u8(8)), if: .nonzeroOrBit(.u8(8), 8, at: 11),
          not: .bit(8, at: 11)),
        Option(
          "--tcp-flags",
          .both(
            .bits(.u8(9), OptionNames.tcpFlags, none: "NONE"),
            .bits(.u8(10), OptionNames.tcpFlags, none: "NONE")),
          if: .nonzeroOrBit(.u8(9), 4, at: 11), not: .bit(4, at: 11))),
      Extension(
        "udp", size: 10,
        .ports("--sport", 0, not: .bit(1, at: 8)),
        .ports("--dport", 4, not: .bit(2, at: 8))),
      Extension(
        "dccp", size: 16,
        Option("--sport", .range(.u16(4), .u16(6)), bit: 1, at: 8, inverted: 10),
        Option("--dport", .range(.u16(0), .u16(2)), bit: 2, at: 8, inverted: 10),
        Option("--dccp-types", dccpTypes, bit: 4, at: 8, inverted: 10),
        Option("--dccp-option", .number(.u8(14)), bit: 8, at: 8, inverted: 10)),
      Extension("multiport", size: 32) {
        writeMultiport($0, endFlags: nil, inverted: false, to: &$1)
      },
      Extension("multiport", 1...1, size: 48) {
        writeMultiport($0, endFlags: 32, inverted: $0.byte(47) != 0, to: &$1)
      },
    ]
  }

  /// All types above the last that has a name are `INVALID`.
  private static let dccpTypes = Value { info, line in
    let types = info.u16(12)
    if types >> 11 != 0, types & 1 << 10 == 0 { line.fail() }
    line.word(
      bits: types,
      [
        1 << 0: "REQUEST", 1 << 1: "RESPONSE", 1 << 2: "DATA", 1 << 3: "ACK", 1 << 4: "DATAACK",
        1 << 5: "CLOSEREQ", 1 << 6: "CLOSE", 1 << 7: "RESET", 1 << 8: "SYNC", 1 << 9: "SYNCACK",
        1 << 10: "INVALID",
      ])
  }

  /// At most 15 ports.
  ///
  /// - Parameter endFlags: Where a byte for each port says whether the next one is the end of a range.
  private static func writeMultiport(
    _ info: Span<UInt8>, endFlags: Int?, inverted: Bool, to line: inout LineWriter
  ) {
    let count = Int(info.u8(1))
    guard count <= 15, info.u8(0) < 3 else { return line.fail() }
    line.append(inverted ? " !" : "")
    line.word(name: info.u8(0), [0: "--sports", 1: "--dports", 2: "--ports"])
    line.append(" ")
    var index = 0
    while index < count {
      if index > 0 { line.append(",") }
      let first = info.u16(2 + 2 * index)
      line.append(number: first)
      if let endFlags, info.byte(endFlags + index) != 0 {
        index += 1
        let last = info.u16(2 + 2 * index)
        if last != first {
          line.append(":")
          line.append(number: last)
        }
      }
      index += 1
    }
  }
}

extension Option {
  /// A range of ports. iptables takes all of them for none given, even where they are inverted.
  fileprivate static func ports(_ name: StaticString, _ offset: Int, not inversion: Condition)
    -> Option
  {
    let (first, last) = (Number.u16(offset), Number.u16(offset + 2))
    return Option(name, .range(first, last), if: .spans(first, last), not: inversion)
  }
}
