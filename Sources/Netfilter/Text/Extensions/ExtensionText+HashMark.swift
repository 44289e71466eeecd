extension ExtensionText {
  /// C counterpart: `struct xt_hmark_info`, whose flags count from `XT_HMARK_SADDR_MASK`.
  static func writeHashMark(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let flags: UInt32 = info.integer(at: 40)
    for (index, option) in ["--hmark-src-prefix", "--hmark-dst-prefix"].enumerated()
    where flags & 1 << UInt32(index) != 0 {
      guard let length = info.address(line.family, at: 16 * index).prefixLength else {
        return false
      }
      line.option(option, String(length))
    }
    func write(_ bit: UInt32, _ option: String, _ value: String) {
      if flags & 1 << bit != 0 { line.option(option, value) }
    }
    func port(_ offset: Int) -> String {
      "0x" + info.bigEndian(UInt16.self, at: offset).digits(4)
    }
    func index(_ offset: Int) -> String {
      "0x" + info.bigEndian(UInt32.self, at: offset).digits(8)
    }
    write(6, "--hmark-sport-mask", port(32))
    write(7, "--hmark-dport-mask", port(34))
    write(3, "--hmark-spi-mask", index(32))
    write(4, "--hmark-sport", port(36))
    write(5, "--hmark-dport", port(38))
    write(2, "--hmark-spi", index(36))
    write(8, "--hmark-proto-mask", "0x" + info.integer(UInt16.self, at: 44).digits(2))
    write(9, "--hmark-rnd", "0x" + info.integer(UInt32.self, at: 48).digits(8))
    write(10, "--hmark-mod", String(info.integer(UInt32.self, at: 52)))
    write(11, "--hmark-offset", String(info.integer(UInt32.self, at: 56)))
    write(12, "--hmark-tuple", "ct")
    return true
  }
}
