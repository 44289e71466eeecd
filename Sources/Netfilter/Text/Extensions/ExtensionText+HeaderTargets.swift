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
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// In hexadecimal, with zeros before it up to that length.
  fileprivate func digits(_ length: Int) -> String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Swift.max(0, length - digits.count)) + digits
  }
}
