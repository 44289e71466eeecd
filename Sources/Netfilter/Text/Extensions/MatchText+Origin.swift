/// Matches of where a packet comes from and where it goes to.
extension MatchText {
  /// `struct xt_physdev_info`: names and masks of 16 bytes, then inversion and use of each option.
  static let bridgePort = MatchText(size: 66) { info, line in
    func write(_ bit: UInt8, _ option: String, nameAt offset: Int? = nil) {
      guard info.has(bit, at: 65) else { return }
      line.option(option, inverted: info.has(bit, at: 64))
      if let offset { line.word(info.string(at: offset, size: 16)) }
    }
    write(8, "--physdev-is-in")
    write(1, "--physdev-in", nameAt: 0)
    write(16, "--physdev-is-out")
    write(2, "--physdev-out", nameAt: 32)
    write(4, "--physdev-is-bridged")
  }

  /// `struct xt_rpfilter_info`.
  static let reversePath = MatchText(size: 1) { info, line in
    if info.has(1, at: 0) { line.option("--loose") }
    if info.has(2, at: 0) { line.option("--validmark") }
    if info.has(4, at: 0) { line.option("--accept-local") }
    if info.has(8, at: 0) { line.option("--invert") }
  }

  /// `struct xt_mac_info`.
  static let mac = MatchText(size: 12) { info, line in
    let address = info.bytes(at: 0, size: 6).map { $0.digits(2) }.joined(separator: ":")
    line.option("--mac-source", address, inverted: info.integer(UInt32.self, at: 8) != 0)
  }

  /// `struct xt_pkttype_info`.
  static let packetType = MatchText(
    size: 8, where: { $0.integer(UInt32.self, at: 0) < UInt32(packetTypes.count) }
  ) { info, line in
    let type = Int(info.integer(UInt32.self, at: 0))
    let inverted = info.integer(UInt32.self, at: 4) != 0
    line.option("--pkt-type", packetTypes[type], inverted: inverted)
  }

  private static let packetTypes = ["unicast", "broadcast", "multicast"]

  /// `struct xt_iprange_mtinfo`.
  static let addressRange = MatchText(size: 68) { info, line in
    let family = line.family
    func write(_ option: String, _ bit: UInt8, at offset: Int) {
      guard info.has(bit, at: 64) else { return }
      let (first, last) = (info.address(family, at: offset), info.address(family, at: offset + 16))
      line.option(
        option, "\(first.numericText)-\(last.numericText)", inverted: info.has(bit << 4, at: 64))
    }
    write("--src-range", 1, at: 0)
    write("--dst-range", 2, at: 32)
  }
}
