/// Targets that tell others of a packet.
extension ExtensionText {
  /// C counterpart: `struct xt_log_info`.
  static func writeLog(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let prefix = info.string(at: 2, size: 30)
    if !prefix.isEmpty {
      line.option("--log-prefix")
      line.quotedWord(prefix)
    }
    let level = info.byte(at: 0)
    if level != 4 { line.option("--log-level", String(level)) }
    for (bit, option) in logOptions where info.byte(at: 1) & bit != 0 { line.option(option) }
    return true
  }

  private static let logOptions: [(bit: UInt8, option: String)] = [
    (0x01, "--log-tcp-sequence"), (0x02, "--log-tcp-options"), (0x04, "--log-ip-options"),
    (0x08, "--log-uid"), (0x20, "--log-macdecode"),
  ]

  /// C counterpart: `struct xt_nflog_info`.
  static func writeNetlinkLog(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let prefix = info.string(at: 12, size: 128)
    if !prefix.isEmpty {
      line.option("--nflog-prefix")
      line.quotedWord(prefix)
    }
    let group = info.integer(UInt16.self, at: 4)
    if group != 0 { line.option("--nflog-group", String(group)) }
    let length = info.integer(UInt32.self, at: 0)
    // `XT_NFLOG_F_COPY_LEN`: the older option left it out, and the length was of no effect.
    if info.integer(UInt16.self, at: 8) & 1 != 0 {
      line.option("--nflog-size", String(length))
    } else if length != 0 {
      line.option("--nflog-range", String(length))
    }
    let threshold = info.integer(UInt16.self, at: 6)
    if threshold != 0 { line.option("--nflog-threshold", String(threshold)) }
    return true
  }

  /// C counterpart: `struct xt_audit_info`.
  static func writeAudit(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let types = ["accept", "drop", "reject"]
    let type = Int(info.byte(at: 0))
    guard type < types.count else { return false }
    line.option("--type", types[type])
    return true
  }

  /// C counterpart: `struct idletimer_tg_info`.
  static func writeIdleTimer(_ info: StructReader, to line: inout RuleLine) -> Bool {
    line.option("--timeout", String(info.integer(UInt32.self, at: 0)))
    line.option("--label")
    line.word(info.string(at: 4, size: 28))
    return true
  }

  /// C counterpart: `struct idletimer_tg_info_v1`.
  static func writeIdleAlarm(_ info: StructReader, to line: inout RuleLine) -> Bool {
    guard writeIdleTimer(info, to: &line) else { return false }
    if info.byte(at: 33) == 1 { line.option("--alarm") }
    return true
  }
}
