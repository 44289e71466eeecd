internal import Netfilter

extension Extension {
  /// Matches and targets of marks: of packets, of connections, and of SELinux.
  static var marks: [Extension] {
    [
      Extension(
        "mark", 1...1, size: 12,
        Option("--mark", .mark(.u32(0), mask: .u32(4)), not: .nonzero(.u8(8)))),
      Extension(
        "connmark", 1...1, size: 12,
        Option("--mark", .mark(.u32(0), mask: .u32(4)), not: .nonzero(.u8(8)))),
      Extension("MARK", 2...2, size: 8, Option("--set-xmark", .xmark)),
      Extension("CONNMARK", 1...1, size: 16) {
        writeConnectionMark($0, mode: $0.byte(12), to: &$1)
      },
      // `struct xt_connmark_tginfo2` has a direction and a number of bits before the mode.
      Extension("CONNMARK", 2...2, size: 16) { info, line in
        writeConnectionMark(info, mode: info.byte(14), to: &line)
        if info.byte(12) > 1 { line.fail() }
        if info.byte(13) == 0 { return }
        line.option(
          info.byte(12) == 0 ? "--left-shift-mark" : "--right-shift-mark", number: info.u8(13))
      },
      Extension("CONNSECMARK", size: 1) { info, line in
        line.word(name: info.u8(0), [1: "--save", 2: "--restore"])
      },
      // `struct xt_secmark_target_info_v1` has the context before the number that it stands for.
      Extension("SECMARK", size: 264) { writeSecurityMark($0, contextOffset: 8, to: &$1) },
      Extension("SECMARK", 1...1, size: 264) { writeSecurityMark($0, contextOffset: 1, to: &$1) },
      Extension(
        "HMARK", size: 60,
        Option("--hmark-src-prefix", .prefixLength(0), bit: 1, at: 40),
        Option("--hmark-dst-prefix", .prefixLength(16), bit: 2, at: 40),
        Option("--hmark-sport-mask", .hexadecimal(.be16(32), digits: 4), bit: 64, at: 40),
        Option("--hmark-dport-mask", .hexadecimal(.be16(34), digits: 4), bit: 128, at: 40),
        Option("--hmark-spi-mask", .hexadecimal(.be32(32), digits: 8), bit: 8, at: 40),
        Option("--hmark-sport", .hexadecimal(.be16(36), digits: 4), bit: 16, at: 40),
        Option("--hmark-dport", .hexadecimal(.be16(38), digits: 4), bit: 32, at: 40),
        Option("--hmark-spi", .hexadecimal(.be32(36), digits: 8), bit: 4, at: 40),
        Option("--hmark-proto-mask", .hexadecimal(.u16(44), digits: 2), bit: 1, at: 41),
        Option("--hmark-rnd", .hexadecimal(.u32(48), digits: 8), bit: 2, at: 41),
        Option("--hmark-mod", .number(.u32(52)), bit: 4, at: 41),
        Option("--hmark-offset", .number(.u32(56)), bit: 8, at: 41),
        Option("--hmark-tuple ct", bit: 16, at: 41)),
    ]
  }

  private static func writeConnectionMark(
    _ info: Span<UInt8>, mode: UInt8, to line: inout LineWriter
  ) {
    if mode == 0 {
      line.option("--set-xmark")
      return line.word(mark: info.u32(0), mask: info.u32(4))
    }
    line.word(name: UInt64(mode), [1: "--save-mark", 2: "--restore-mark"])
    line.option("--nfmask")
    line.word(hexadecimal: info.u32(8))
    line.option("--ctmask")
    line.word(hexadecimal: info.u32(4))
  }

  private static func writeSecurityMark(
    _ info: Span<UInt8>, contextOffset: Int, to line: inout LineWriter
  ) {
    if info.byte(0) != 1 { line.fail() }
    line.option("--selctx")
    line.word(info, text: contextOffset, size: 256)
  }
}

extension Value {
  /// A mark and its mask, at the struct's beginning.
  fileprivate static let xmark = Value.mark(.u32(0), mask: .u32(4), always: true)

  /// The number of a mask's leading ones.
  fileprivate static func prefixLength(_ offset: Int) -> Value {
    Value { info, line in
      guard let length = info.address(line.family, offset).prefixLength else { return line.fail() }
      line.word(number: UInt64(length))
    }
  }
}
