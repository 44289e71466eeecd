/// Targets that send a packet elsewhere.
extension ExtensionText {
  /// C counterparts: `struct xt_tproxy_target_info`, and `xt_tproxy_target_info_v1`, whose address has
  /// room for either family.
  static func writeProxy(
    _ info: StructReader, portOffset: Int, to line: inout RuleLine
  ) -> Bool {
    let mask = info.integer(UInt32.self, at: 0).hexadecimal
    let mark = info.integer(UInt32.self, at: 4).hexadecimal
    line.option("--on-port", String(info.bigEndian(UInt16.self, at: portOffset)))
    line.option("--on-ip", info.address(line.family, at: 8).numericText)
    line.option("--tproxy-mark", "\(mark)/\(mask)")
    return true
  }

  /// C counterparts: `struct xt_NFQ_info`, which has one field, to `xt_NFQ_info_v3`, which has three.
  ///
  /// - Parameter flags: The bits of the third field that the revision knows.
  static func writeQueue(
    _ info: StructReader, fields: Int, flags: UInt16, to line: inout RuleLine
  ) -> Bool {
    let first = UInt32(info.integer(UInt16.self, at: 0))
    let count = fields > 1 ? UInt32(info.integer(UInt16.self, at: 2)) : 1
    if count > 1 {
      line.option("--queue-balance", "\(first):\(first + count - 1)")
    } else {
      line.option("--queue-num", String(first))
    }
    let set = info.integer(UInt16.self, at: 4) & flags
    if set & 1 != 0 { line.option("--queue-bypass") }
    if set & 2 != 0 { line.option("--queue-cpu-fanout") }
    return true
  }

  /// C counterpart: `struct xt_tee_tginfo`.
  static func writeTee(_ info: StructReader, to line: inout RuleLine) -> Bool {
    line.option("--gateway", info.address(line.family, at: 0).numericText)
    let interface = info.string(at: 16, size: 16)
    if !interface.isEmpty {
      line.option("--oif")
      line.word(interface)
    }
    return true
  }

  /// C counterpart: `struct nf_nat_ipv4_multi_range_compat`.
  static func writeNetworkMapIPv4(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let first = info.bigEndian(UInt32.self, at: 8)
    let last = info.bigEndian(UInt32.self, at: 12)
    writeNetwork(IPAddress(ipv4: first), mask: IPAddress(ipv4: ~(first ^ last)), to: &line)
    return true
  }

  /// C counterpart: `struct nf_nat_range`.
  static func writeNetworkMapIPv6(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let (first, last) = (info.address(.ipv6, at: 4), info.address(.ipv6, at: 20))
    let mask = IPAddress(ipv6High: ~(first.high ^ last.high), low: ~(first.low ^ last.low))
    writeNetwork(first, mask: mask, to: &line)
    return true
  }

  /// C counterpart: `struct ip6t_npt_tginfo`.
  static func writePrefixTranslation(_ info: StructReader, to line: inout RuleLine) -> Bool {
    for (index, option) in ["--src-pfx", "--dst-pfx"].enumerated() {
      let (prefix, length) = (info.address(.ipv6, at: 16 * index), info.byte(at: 32 + index))
      guard length <= 128 else { return false }
      if length != 0 || prefix != IPAddress(ipv6High: 0, low: 0) {
        line.option(option, "\(prefix.numericText)/\(length)")
      }
    }
    return true
  }

  private static func writeNetwork(
    _ address: IPAddress, mask: IPAddress, to line: inout RuleLine
  ) {
    line.option("--to", "\(address.numericText)/\(mask.maskText)")
  }
}
