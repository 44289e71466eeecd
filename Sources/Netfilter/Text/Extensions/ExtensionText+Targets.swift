extension ExtensionText {
  /// The options of a target as iptables-save prints them, each behind a blank.
  ///
  /// Nil where the target isn't known here, where its struct hasn't the size that belongs to its name
  /// and revision, and where a field has a value for which there is no option.
  static func target(_ unrecognised: Unrecognised, family: IPFamily) -> [UInt8]? {
    guard let form = targetForm(unrecognised.name, unrecognised.revision, family),
      let info = StructReader(unrecognised.payload, size: form.size)
    else { return nil }
    var line = RuleLine(family: family)
    return form.write(info, &line) ? line.bytes : nil
  }

  /// Whether it is a `CT` that was written as `NOTRACK`, of which the kernel keeps a note.
  ///
  /// C counterpart: `XT_CT_NOTRACK_ALIAS`.
  static func isNotrack(_ target: Unrecognised) -> Bool {
    guard target.name == "CT", target.revision == 2,
      let info = StructReader(target.payload, size: 72)
    else { return false }
    return info.integer(UInt16.self, at: 0) & 2 != 0
  }

  /// A struct's size, and what writes the options; the latter is false where there are none for it.
  typealias TargetForm = (
    size: Int, write: (StructReader, inout RuleLine) -> Bool
  )

  private static func targetForm(
    _ name: String, _ revision: UInt8, _ family: IPFamily
  ) -> TargetForm? {
    switch (name, revision) {
    case ("AUDIT", 0): (1, writeAudit)
    case ("CHECKSUM", 0): (1, writeChecksum)
    case ("CLASSIFY", 0): (4, writeClassify)
    case ("CONNMARK", 1): (16, { writeConnectionMark($0, modeOffset: 12, to: &$1) })
    case ("CONNMARK", 2): (16, writeShiftedConnectionMark)
    case ("CONNSECMARK", 0): (1, writeConnectionSecurityMark)
    case ("CT", 0): (40, { writeConnectionTracking($0, hasTimeout: false, to: &$1) })
    case ("CT", 1), ("CT", 2): (72, { writeConnectionTracking($0, hasTimeout: true, to: &$1) })
    case ("DNPT", 0), ("SNPT", 0): (36, writePrefixTranslation)
    case ("DSCP", 0): (1, writeDSCP)
    case ("ECN", 0): (3, writeCongestion)
    case ("HL", 0): (2, { writeHopLimit($0, "hl", to: &$1) })
    case ("HMARK", 0): (60, writeHashMark)
    case ("IDLETIMER", 0): (40, writeIdleTimer)
    case ("IDLETIMER", 1): (48, writeIdleAlarm)
    case ("LOG", 0): (32, writeLog)
    case ("NETMAP", 0): family == .ipv4 ? (20, writeNetworkMapIPv4) : (40, writeNetworkMapIPv6)
    case ("NFLOG", 0): (80, writeNetlinkLog)
    // That of nf_tables, with a prefix of up to 127 bytes.
    case ("NFLOG", 1): (144, writeNetlinkLog)
    case ("NFQUEUE", 0): (2, { writeQueue($0, fields: 1, flags: 0, to: &$1) })
    case ("NFQUEUE", 1): (4, { writeQueue($0, fields: 2, flags: 0, to: &$1) })
    case ("NFQUEUE", 2): (6, { writeQueue($0, fields: 3, flags: 1, to: &$1) })
    case ("NFQUEUE", 3): (6, { writeQueue($0, fields: 3, flags: 3, to: &$1) })
    case ("RATEEST", 0): (32, writeRateEstimator)
    case ("SECMARK", 0): (264, { writeSecurityMark($0, contextOffset: 8, to: &$1) })
    case ("SECMARK", 1): (264, { writeSecurityMark($0, contextOffset: 1, to: &$1) })
    case ("SET", 1): setTarget(2, hasOptions: false)
    case ("SET", 2): setTarget(2, hasOptions: true)
    case ("SET", 3): setTarget(3, hasOptions: true)
    case ("SYNPROXY", 0): (4, writeSynProxy)
    case ("TCPMSS", 0): (2, writeSegmentSize)
    case ("TCPOPTSTRIP", 0): (32, writeOptionStripping)
    case ("TEE", 1): (40, writeTee)
    case ("TOS", 1): (2, writeTypeOfService)
    case ("TPROXY", 0): (16, { writeProxy($0, portOffset: 12, to: &$1) })
    case ("TPROXY", 1): (28, { writeProxy($0, portOffset: 24, to: &$1) })
    case ("TTL", 0): (2, { writeHopLimit($0, "ttl", to: &$1) })
    default: nil
    }
  }
}
