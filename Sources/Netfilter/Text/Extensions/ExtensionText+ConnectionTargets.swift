/// Targets that concern the packet's connection.
extension ExtensionText {
  /// C counterparts: `struct xt_ct_target_info`, and `xt_ct_target_info_v1`, which has a timeout's name.
  static func writeConnectionTracking(
    _ info: StructReader, hasTimeout: Bool, to line: inout RuleLine
  ) -> Bool {
    let flags = info.integer(UInt16.self, at: 0)
    // `XT_CT_NOTRACK_ALIAS`: the name says it all.
    if flags & 2 != 0 { return true }
    if flags & 1 != 0 { line.option("--notrack") }
    write("--helper", info.string(at: 12, size: 16), to: &line)
    if hasTimeout { write("--timeout", info.string(at: 28, size: 32), to: &line) }
    let events = info.integer(UInt32.self, at: 4)
    if events != 0 { line.option("--ctevents", events.names(trackingEvents)) }
    let expectations = info.integer(UInt32.self, at: 8)
    if expectations != 0 { line.option("--expevents", expectations.names([(1, "new")])) }
    writeZone(info.integer(at: 2), flags, to: &line)
    return true
  }

  /// C counterpart: `ct_print_zone_id` of libxt_CT.
  private static func writeZone(_ zone: UInt16, _ flags: UInt16, to line: inout RuleLine) {
    let isMark = flags & 16 != 0
    guard isMark || zone != 0 else { return }
    let option =
      switch flags & 12 {
      case 4: "--zone-orig"
      case 8: "--zone-reply"
      default: "--zone"
      }
    line.option(option, isMark ? "mark" : String(zone))
  }

  private static func write(_ option: String, _ name: [UInt8], to line: inout RuleLine) {
    guard !name.isEmpty else { return }
    line.option(option)
    line.word(name)
  }

  /// C counterpart: `enum ip_conntrack_events`.
  private static let trackingEvents: [(bit: UInt32, name: String)] = [
    (1 << 0, "new"), (1 << 1, "related"), (1 << 2, "destroy"), (1 << 3, "reply"),
    (1 << 4, "assured"), (1 << 5, "protoinfo"), (1 << 6, "helper"), (1 << 7, "mark"),
    (1 << 8, "natseqinfo"), (1 << 9, "secmark"),
  ]

  /// C counterpart: `struct xt_connmark_tginfo1`, and the beginning of `xt_connmark_tginfo2`.
  static func writeConnectionMark(
    _ info: StructReader, modeOffset: Int, to line: inout RuleLine
  ) -> Bool {
    let mark = info.integer(UInt32.self, at: 0).hexadecimal
    let mask = info.integer(UInt32.self, at: 4).hexadecimal
    let packetMask = info.integer(UInt32.self, at: 8).hexadecimal
    switch info.byte(at: modeOffset) {
    case 0: line.option("--set-xmark", "\(mark)/\(mask)")
    case 1: line.option("--save-mark --nfmask \(packetMask) --ctmask", mask)
    case 2: line.option("--restore-mark --nfmask \(packetMask) --ctmask", mask)
    default: return false
    }
    return true
  }

  /// C counterpart: `struct xt_connmark_tginfo2`.
  static func writeShiftedConnectionMark(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let direction = info.byte(at: 12)
    guard direction < 2, writeConnectionMark(info, modeOffset: 14, to: &line) else { return false }
    let bits = info.byte(at: 13)
    if bits != 0 {
      line.option(direction == 0 ? "--left-shift-mark" : "--right-shift-mark", String(bits))
    }
    return true
  }

  /// C counterpart: `struct xt_connsecmark_target_info`.
  static func writeConnectionSecurityMark(_ info: StructReader, to line: inout RuleLine) -> Bool {
    switch info.byte(at: 0) {
    case 1: line.option("--save")
    case 2: line.option("--restore")
    default: return false
    }
    return true
  }

  /// C counterparts: `struct xt_secmark_target_info`, and `xt_secmark_target_info_v1`, which has the
  /// context before the number that it stands for.
  static func writeSecurityMark(
    _ info: StructReader, contextOffset: Int, to line: inout RuleLine
  ) -> Bool {
    guard info.byte(at: 0) == 1 else { return false }
    line.option("--selctx")
    line.word(info.string(at: contextOffset, size: 256))
    return true
  }

  /// C counterpart: `struct nf_synproxy_info`.
  static func writeSynProxy(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let options = info.byte(at: 0)
    if options & 0x04 != 0 { line.option("--sack-perm") }
    if options & 0x08 != 0 { line.option("--timestamp") }
    if options & 0x02 != 0 { line.option("--wscale", String(info.byte(at: 1))) }
    if options & 0x01 != 0 { line.option("--mss", String(info.integer(UInt16.self, at: 2))) }
    if options & 0x10 != 0 { line.option("--ecn") }
    return true
  }
}
