extension MatchText {
  /// `struct xt_policy_info`: four elements of 76 bytes, flags, and how many elements are in use.
  static let policy = MatchText(
    size: 308, where: { $0.integer(UInt16.self, at: 306) <= 4 }
  ) { info, line in
    let flags: UInt16 = info.integer(at: 304)
    line.option("--dir", flags & 1 != 0 ? "in" : "out")
    line.option("--pol", flags & 4 != 0 ? "none" : "ipsec")
    if flags & 8 != 0 { line.option("--strict") }
    for index in 0..<Int(info.integer(UInt16.self, at: 306)) {
      if index > 0 { line.option("--next") }
      writePolicy(info, at: 76 * index, to: &line)
    }
  }

  /// An element, `struct xt_policy_elem`.
  private static func writePolicy(
    _ info: StructReader, at start: Int, to line: inout RuleLine
  ) {
    func write(_ bit: UInt8, _ option: String, _ value: String, to line: inout RuleLine) {
      guard info.has(bit, at: start + 74) else { return }
      line.option(option, value, inverted: info.has(bit, at: start + 75))
    }
    let family = line.family
    func address(_ offset: Int) -> String {
      info.address(family, at: start + offset)
        .text(masked: info.address(family, at: start + offset + 16))
    }
    write(32, "--reqid", "\(info.integer(UInt32.self, at: start + 68))", to: &line)
    write(16, "--spi", info.integer(UInt32.self, at: start + 64).hexadecimal, to: &line)
    write(4, "--proto", ProtocolMatch(number: info.byte(at: start + 72)).name, to: &line)
    write(8, "--mode", info.byte(at: start + 73) == 0 ? "transport" : "tunnel", to: &line)
    write(2, "--tunnel-dst", address(32), to: &line)
    write(1, "--tunnel-src", address(0), to: &line)
  }
}
