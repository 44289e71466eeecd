/// Matches of protocols on top of IP, and of who speaks them.
extension MatchText {
  /// `struct xt_dccp_info`. All types above the last that has a name are `INVALID`.
  static let dccp = MatchText(
    size: 16,
    where: { info in
      let types: UInt16 = info.integer(at: 12)
      return !info.has(4, at: 8) || types >> 11 == 0 || types & 1 << 10 != 0
    }
  ) { info, line in
    let (flags, inverted) = (info.byte(at: 8), info.byte(at: 10))
    writePorts(info, flags: flags, inverted: inverted, to: &line)
    if flags & 4 != 0 {
      let types: UInt16 = info.integer(at: 12)
      line.option("--dccp-types", types.names(dccpTypes), inverted: inverted & 4 != 0)
    }
    if flags & 8 != 0 {
      line.option("--dccp-option", "\(info.byte(at: 14))", inverted: inverted & 8 != 0)
    }
  }

  private static let dccpTypes: [(bit: UInt16, name: String)] = [
    (1 << 0, "REQUEST"), (1 << 1, "RESPONSE"), (1 << 2, "DATA"), (1 << 3, "ACK"),
    (1 << 4, "DATAACK"), (1 << 5, "CLOSEREQ"), (1 << 6, "CLOSE"), (1 << 7, "RESET"),
    (1 << 8, "SYNC"), (1 << 9, "SYNCACK"), (1 << 10, "INVALID"),
  ]

  /// `struct xt_ecn_info`.
  static let congestion = MatchText(
    size: 4, where: { !$0.has(1, at: 0) || $0.byte(at: 2) < 4 }
  ) { info, line in
    for (bit, option) in [(UInt8(0x10), "--ecn-tcp-ece"), (0x20, "--ecn-tcp-cwr")]
    where info.has(bit, at: 0) {
      line.option(option, inverted: info.has(bit, at: 1))
    }
    if info.has(1, at: 0) {
      line.option("--ecn-ip-ect", "\(info.byte(at: 2))", inverted: info.has(1, at: 1))
    }
  }

  /// `struct xt_ipcomp`.
  static let compression = MatchText(size: 12) { info, line in
    writeIndexes("--ipcompspi", info, inverted: info.has(1, at: 8), to: &line)
    if info.byte(at: 9) != 0 { line.option("--compres") }
  }

  /// `struct nf_osf_info`. The operating system's name isn't quoted, whatever is in it.
  static let fingerprint = MatchText(
    size: 48,
    where: { $0.integer(UInt32.self, at: 40) < 3 && $0.integer(UInt32.self, at: 44) < 3 }
  ) { info, line in
    line.option("--genre", inverted: info.has(8, at: 36))
    line.word(info.string(at: 0, size: 32))
    if info.has(2, at: 36) { line.option("--ttl", "\(info.integer(UInt32.self, at: 44))") }
    if info.has(4, at: 36) { line.option("--log", "\(info.integer(UInt32.self, at: 40))") }
  }
}
