/// Matches of fields in the headers of packets.
extension MatchText {
  /// `struct ipt_icmp`: type, both ends of the code, inversion. 255 is `any` whatever the code.
  static let icmp = MatchText(size: 4) { info, line in
    let isAny = info.byte(at: 0) == .max
    line.option(
      "--icmp-type", isAny ? "any" : typeAndCode(info), inverted: info.has(1, at: 3))
  }

  /// `struct ip6t_icmp`, the same without `any`.
  static let icmp6 = MatchText(size: 4) { info, line in
    line.option("--icmpv6-type", typeAndCode(info), inverted: info.has(1, at: 3))
  }

  private static func typeAndCode(_ info: StructReader) -> String {
    let isAnyCode = info.byte(at: 1) == 0 && info.byte(at: 2) == .max
    return "\(info.byte(at: 0))" + (isAnyCode ? "" : "/\(info.byte(at: 1))")
  }

  /// `struct ipt_ttl_info`.
  static let timeToLive = hops("--ttl")

  /// `struct ip6t_hl_info`.
  static let hopLimit = hops("--hl")

  /// The mode (equal, not equal, less, greater) and the number.
  private static func hops(_ option: String) -> MatchText {
    MatchText(size: 2, where: { $0.byte(at: 0) < 4 }) { info, line in
      let mode = info.byte(at: 0)
      let suffix = mode < 2 ? "-eq" : mode == 2 ? "-lt" : "-gt"
      line.option(option + suffix, "\(info.byte(at: 1))", inverted: mode == 1)
    }
  }

  /// `struct xt_length_info`.
  static let length = sizes("--length")

  /// `struct xt_tcpmss_match_info`.
  static let segmentSize = sizes("--mss")

  private static func sizes(_ option: String) -> MatchText {
    MatchText(size: 6) { info, line in
      line.range(
        option, info.integer(UInt16.self, at: 0), info.integer(UInt16.self, at: 2),
        inverted: info.has(1, at: 4))
    }
  }

  /// `struct xt_dscp_info`.
  static let dscp = MatchText(size: 2) { info, line in
    line.option("--dscp", "0x" + info.byte(at: 0).digits(2), inverted: info.byte(at: 1) != 0)
  }

  /// `struct xt_tos_match_info`, which has the mask before the value.
  static let typeOfService = MatchText(size: 3) { info, line in
    let value = "0x\(info.byte(at: 1).digits(2))/0x\(info.byte(at: 0).digits(2))"
    line.option("--tos", value, inverted: info.byte(at: 2) != 0)
  }

  /// `struct xt_esp`.
  static let esp = MatchText(size: 12) { info, line in
    writeIndexes("--espspi", info, inverted: info.has(1, at: 8), to: &line)
  }

  /// `struct ipt_ah`.
  static let authenticationIPv4 = MatchText(size: 12) { info, line in
    writeIndexes("--ahspi", info, inverted: info.has(1, at: 8), to: &line)
  }

  /// `struct ip6t_ah`.
  static let authenticationIPv6 = MatchText(size: 16) { info, line in
    writeIndexes("--ahspi", info, inverted: info.has(1, at: 13), to: &line)
    let length: UInt32 = info.integer(at: 8)
    if length != 0 || info.has(2, at: 13) {
      line.option("--ahlen", "\(length)", inverted: info.has(2, at: 13))
    }
    if info.byte(at: 12) != 0 { line.option("--ahres") }
  }

  /// Two numbers at the struct's beginning, which aren't written where they are a range of all.
  static func writeIndexes(
    _ option: String, _ info: StructReader, inverted: Bool, to line: inout RuleLine
  ) {
    let (first, last): (UInt32, UInt32) = (info.integer(at: 0), info.integer(at: 4))
    if first != 0 || last != .max { line.range(option, first, last, inverted: inverted) }
  }

  /// `struct ip6t_frag`.
  static let fragmentHeader = MatchText(size: 16) { info, line in
    writeIndexes("--fragid", info, inverted: info.has(1, at: 13), to: &line)
    if info.has(2, at: 12) {
      line.option(
        "--fraglen", "\(info.integer(UInt32.self, at: 8))", inverted: info.has(2, at: 13))
    }
    if info.has(4, at: 12) { line.option("--fragres") }
    if info.has(8, at: 12) { line.option("--fragfirst") }
    if info.has(16, at: 12) { line.option("--fragmore") }
    if info.has(32, at: 12) { line.option("--fraglast") }
  }

  /// `struct ip6t_opts`: an option's type in the upper byte, its length, or 255, in the lower.
  static func options(_ prefix: String) -> MatchText {
    MatchText(size: 40, where: { $0.byte(at: 38) <= 16 }) { info, line in
      if info.has(1, at: 4) {
        line.option(
          prefix + "-len", "\(info.integer(UInt32.self, at: 0))", inverted: info.has(1, at: 5))
      }
      if info.has(2, at: 4) { line.option(prefix + "-opts") }
      let options = (0..<Int(info.byte(at: 38))).map {
        let option: UInt16 = info.integer(at: 6 + 2 * $0)
        return "\(option >> 8)" + (option & 255 == 255 ? "" : ":\(option & 255)")
      }
      if !options.isEmpty { line.word(options.joined(separator: ",")) }
      if info.has(4, at: 4) { line.option(prefix + "-not-strict") }
    }
  }

  /// `struct ip6t_rt`.
  static let routing = MatchText(size: 280, where: { $0.byte(at: 276) <= 16 }) { info, line in
    if info.has(1, at: 16) {
      line.option(
        "--rt-type", "\(info.integer(UInt32.self, at: 0))", inverted: info.has(1, at: 17))
    }
    let (first, last): (UInt32, UInt32) = (info.integer(at: 4), info.integer(at: 8))
    if first != 0 || last != .max {
      line.range("--rt-segsleft", first, last, inverted: info.has(2, at: 17))
    }
    if info.has(4, at: 16) {
      line.option(
        "--rt-len", "\(info.integer(UInt32.self, at: 12))", inverted: info.has(4, at: 17))
    }
    if info.has(8, at: 16) { line.option("--rt-0-res") }
    if info.has(16, at: 16) { line.option("--rt-0-addrs") }
    let hops = (0..<Int(info.byte(at: 276))).map { info.address(.ipv6, at: 20 + 16 * $0) }
    if !hops.isEmpty { line.word(hops.map(\.numericText).joined(separator: ",")) }
    if info.has(32, at: 16) { line.option("--rt-0-not-strict") }
  }
}
