extension MatchText {
  /// `struct xt_ipvs_mtinfo`.
  static let virtualServer = MatchText(
    size: 40, where: { !$0.has(32, at: 39) || forwarding[$0.byte(at: 35)] != nil }
  ) { info, line in
    let options = info.byte(at: 39)
    // The others say that the packet is of a virtual server.
    if options == 1 { line.option("--ipvs", inverted: info.has(1, at: 38)) }
    func write(_ bit: UInt8, _ option: String, _ value: String) {
      if options & bit != 0 { line.option(option, value, inverted: info.has(bit, at: 38)) }
    }
    let address = info.address(line.family, at: 0)
    write(2, "--vproto", "\(info.byte(at: 34))")
    write(4, "--vaddr", address.text(masked: info.address(line.family, at: 16)))
    write(8, "--vport", "\(info.bigEndian(UInt16.self, at: 32))")
    if options & 16 != 0 { line.option("--vdir", info.has(16, at: 38) ? "REPLY" : "ORIGINAL") }
    write(32, "--vmethod", forwarding[info.byte(at: 35)] ?? "")
    write(64, "--vportctl", "\(info.bigEndian(UInt16.self, at: 36))")
  }

  /// C counterpart: `IP_VS_CONN_F_MASQ` and the others.
  private static let forwarding: [UInt8: String] = [0: "MASQ", 2: "IPIP", 3: "GATE"]
}
