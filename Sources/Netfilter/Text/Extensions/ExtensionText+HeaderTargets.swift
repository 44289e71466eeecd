/// Targets that change a packet's headers, or what the machine notes of it.
extension ExtensionText {
  /// C counterpart: `struct xt_tcpmss_info`.
  static func writeSegmentSize(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let size = info.integer(UInt16.self, at: 0)
    if size == .max {
      line.option("--clamp-mss-to-pmtu")
    } else {
      line.option("--set-mss", String(size))
    }
    return true
  }

  /// C counterpart: `struct xt_classify_target_info`.
  static func writeClassify(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let priority = info.integer(UInt32.self, at: 0)
    let (major, minor) = (priority >> 16, priority & 0xffff)
    line.option("--set-class", "\(major.digits(4)):\(minor.digits(4))")
    return true
  }

  /// C counterpart: `struct xt_DSCP_info`.
  static func writeDSCP(_ info: StructReader, to line: inout RuleLine) -> Bool {
    line.option("--set-dscp", "0x" + info.byte(at: 0).digits(2))
    return true
  }

  /// C counterpart: `struct xt_tos_target_info`.
  static func writeTypeOfService(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let (value, mask) = (info.byte(at: 0).digits(2), info.byte(at: 1).digits(2))
    line.option("--set-tos", "0x\(value)/0x\(mask)")
    return true
  }

  /// C counterpart: `struct xt_CHECKSUM_info`.
  static func writeChecksum(_ info: StructReader, to line: inout RuleLine) -> Bool {
    if info.byte(at: 0) & 1 != 0 { line.option("--checksum-fill") }
    return true
  }

  /// C counterparts: `struct ipt_TTL_info`, `ip6t_HL_info`.
  static func writeHopLimit(
    _ info: StructReader, _ name: String, to line: inout RuleLine
  ) -> Bool {
    let modes = ["set", "inc", "dec"]
    let mode = Int(info.byte(at: 0))
    guard mode < modes.count else { return false }
    line.option("--\(name)-\(modes[mode])", String(info.byte(at: 1)))
    return true
  }

  /// C counterpart: `struct ipt_ECN_info`.
  static func writeCongestion(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let (operation, bits) = (info.byte(at: 0), info.byte(at: 2))
    if operation == 0x30, bits & 3 == 0 {
      line.option("--ecn-tcp-remove")
      return true
    }
    if operation & 0x10 != 0 { line.option("--ecn-tcp-ece", String(bits & 1)) }
    if operation & 0x20 != 0 { line.option("--ecn-tcp-cwr", String(bits >> 1 & 1)) }
    if operation & 1 != 0 { line.option("--ecn-ip-ect", String(info.byte(at: 1))) }
    return true
  }

  /// C counterpart: `struct xt_tcpoptstrip_target_info`, a bit for each of TCP's options.
  static func writeOptionStripping(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let options = (0..<256).filter { info.has(1 << UInt8($0 % 8), at: $0 / 8) }
    if !options.isEmpty {
      line.option("--strip-options", options.map { String($0) }.joined(separator: ","))
    }
    return true
  }
}
