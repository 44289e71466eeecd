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

extension Extension {
  /// `struct xt_sctp_info`: ports, a bit for each type of chunk, and flags of at most four types.
  static var sctp: [Extension] {
    [
      Extension(
        "sctp", size: 292,
        Option("--sport", .range(.u16(4), .u16(6)), bit: 1, at: 284, inverted: 288),
        Option("--dport", .range(.u16(0), .u16(2)), bit: 2, at: 284, inverted: 288),
        Option("--chunk-types", Value(writeChunks), bit: 4, at: 284, inverted: 288))
    ]
  }

  /// The map is eight times as long as it needs to be; libxt_sctp looks at all of it.
  private static func writeChunks(_ info: Span<UInt8>, to line: inout LineWriter) {
    line.word(name: info.u32(264), [1: "any", 2: "all", 4: "only"])
    let count = Int(info.u32(280))
    if count > 4 { return line.fail() }
    let map = 8..<264
    if map.allSatisfy({ info.byte($0) == 0 }) { return line.word("NONE") }
    if map.allSatisfy({ info.byte($0) == .max }) { return line.word("ALL") }
    if map.dropFirst(32).contains(where: { info.byte($0) != 0 }) { return line.fail() }
    var separator: StaticString = " "
    for type in 0...UInt8.max where info.has(1 << (type & 7), at: 8 + Int(type >> 3)) {
      line.append(separator)
      writeChunk(type, info, flagCount: count, to: &line)
      separator = ","
    }
  }

  /// A type, a colon and the letters of the flags that are asked for, small where a flag must not be
  /// set. libxt_sctp has letters for the flags of the first types only.
  private static func writeChunk(
    _ type: UInt8, _ info: Span<UInt8>, flagCount: Int, to line: inout LineWriter
  ) {
    guard let name = chunkNames[type] else { return line.fail() }
    line.append(name)
    for start in (0..<flagCount).map({ 268 + 3 * $0 }) where info.byte(start) == type {
      let (flags, mask) = (info.byte(start + 1), info.byte(start + 2))
      guard mask != 0 else { continue }
      if type > 14 { return line.fail() }
      line.append(":")
      for (index, letter) in letters(type).utf8.enumerated() {
        let bit = UInt8(0x80) >> UInt8(index)
        guard mask & bit != 0 else { continue }
        // Small letters have one bit more.
        let isSmall = flags & bit == 0 && letter != UInt8(ascii: "-")
        line.append([isSmall ? letter | 0x20 : letter])
      }
    }
  }

  private static let chunkNames: [UInt8: StaticString] = [
    0: "DATA", 1: "INIT", 2: "INIT_ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT_ACK", 6: "ABORT",
    7: "SHUTDOWN", 8: "SHUTDOWN_ACK", 9: "ERROR", 10: "COOKIE_ECHO", 11: "COOKIE_ACK",
    12: "ECN_ECNE", 13: "ECN_CWR", 14: "SHUTDOWN_COMPLETE", 64: "I_DATA", 128: "ASCONF_ACK",
    130: "RE_CONFIG", 132: "PAD", 192: "FORWARD_TSN", 193: "ASCONF", 194: "I_FORWARD_TSN",
  ]

  /// From the highest bit to the lowest; a `-` where a flag has no name.
  private static func letters(_ type: UInt8) -> String {
    switch type {
    case 0: "----IUBE"
    case 6, 14: "-------T"
    default: "--------"
    }
  }
}
