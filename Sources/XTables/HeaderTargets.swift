internal import Netfilter

extension Extension {
  /// Targets that change a packet's headers, or what the machine notes of it.
  static var headerTargets: [Extension] {
    [
      Extension(
        "TCPMSS", size: 2,
        Option("--clamp-mss-to-pmtu", if: .equals(.u16(0), 0xffff)),
        Option("--set-mss", .number(.u16(0)), if: .differs(.u16(0), from: 0xffff))),
      Extension("CLASSIFY", size: 4) { info, line in
        line.append(" --set-class ")
        line.append(hexadecimal: info.u16(2), digits: 4)
        line.append(":")
        line.append(hexadecimal: info.u16(0), digits: 4)
      },
      Extension("DSCP", size: 1, Option("--set-dscp", .hexadecimal(.u8(0), digits: 2))),
      Extension("TOS", 1...1, size: 2, Option("--set-tos", .maskedByte(0, mask: 1))),
      Extension("CHECKSUM", size: 1, Option("--checksum-fill", bit: 1, at: 0)),
      Extension("TTL", size: 2) { info, line in
        line.word(name: info.u8(0), [0: "--ttl-set", 1: "--ttl-inc", 2: "--ttl-dec"])
        line.word(number: info.u8(1))
      },
      Extension("HL", size: 2) { info, line in
        line.word(name: info.u8(0), [0: "--hl-set", 1: "--hl-inc", 2: "--hl-dec"])
        line.word(number: info.u8(1))
      },
      Extension("ECN", size: 3) { info, line in
        let (operation, bits) = (info.byte(0), info.u8(2))
        if operation == 0x30, bits & 3 == 0 { return line.option("--ecn-tcp-remove") }
        if operation & 0x10 != 0 { line.option("--ecn-tcp-ece", number: bits & 1) }
        if operation & 0x20 != 0 { line.option("--ecn-tcp-cwr", number: bits >> 1 & 1) }
        if operation & 1 != 0 { line.option("--ecn-ip-ect", number: info.u8(1)) }
      },
      // A bit for each of TCP's options.
      Extension("TCPOPTSTRIP", size: 32) { info, line in
        var separator: StaticString = " --strip-options "
        for option in 0..<256 where info.has(1 << UInt8(option & 7), at: option >> 3) {
          line.append(separator)
          line.append(number: UInt64(option))
          separator = ","
        }
      },
    ]
  }

  /// Targets that tell others of a packet.
  static var logTargets: [Extension] {
    [
      Extension(
        "LOG", size: 32,
        Option("--log-prefix", .quoted(2, size: 30), if: .nonzero(.u8(2))),
        Option("--log-level", .number(.u8(0)), if: .differs(.u8(0), from: 4)),
        Option("--log-tcp-sequence", bit: 1, at: 1),
        Option("--log-tcp-options", bit: 2, at: 1),
        Option("--log-ip-options", bit: 4, at: 1),
        Option("--log-uid", bit: 8, at: 1),
        Option("--log-macdecode", bit: 32, at: 1)),
      Extension("NFLOG", size: 76, options: netlinkLog(prefixSize: 64)),
      // That of nf_tables, with a prefix of up to 127 bytes.
      Extension("NFLOG", 1...1, size: 140, options: netlinkLog(prefixSize: 128)),
      Extension(
        "AUDIT", size: 1,
        Option("--type", .name(.u8(0), [0: "accept", 1: "drop", 2: "reject"]))),
      Extension("IDLETIMER", size: 40, options: idleTimer),
      Extension(
        "IDLETIMER", 1...1, size: 48,
        options: idleTimer + [Option("--alarm", if: .equals(.u8(33), 1))]),
    ]
  }

  private static func netlinkLog(prefixSize: Int) -> [Option] {
    [
      Option("--nflog-prefix", .quoted(12, size: prefixSize), if: .nonzero(.u8(12))),
      Option("--nflog-group", .number(.u16(4)), if: .nonzero(.u16(4))),
      // `XT_NFLOG_F_COPY_LEN`: the older option left it out, and the length was of no effect.
      Option("--nflog-size", .number(.u32(0)), bit: 1, at: 8),
      Option { info, line in
        if info.u32(0) != 0, !info.has(1, at: 8) {
          line.option("--nflog-range", number: info.u32(0))
        }
      },
      Option("--nflog-threshold", .number(.u16(6)), if: .nonzero(.u16(6))),
    ]
  }

  private static let idleTimer = [
    Option("--timeout", .number(.u32(0))),
    Option("--label", .text(4, size: 28)),
  ]
}
