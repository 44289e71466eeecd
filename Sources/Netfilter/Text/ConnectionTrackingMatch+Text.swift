extension ConnectionTrackingMatch {
  func write(to line: inout RuleLine) {
    if matchFlags & 1 << 13 != 0 {
      line.word("state")
      let plain = Self.stateNames.filter { $0.bit & (1 << 6 | 1 << 7) == 0 }
      line.option("--state", states.names(plain), inverted: invertFlags & 1 != 0)
      return
    }
    line.word("conntrack")
    write(1 << 0, "--ctstate", states.names(Self.stateNames), to: &line)
    let (fields, family) = (StructReader(others), line.family)
    write(1 << 1, "--ctproto", String(fields.integer(UInt16.self, at: 136)), to: &line)
    for (index, name) in Self.addressOptions.enumerated() {
      let (address, mask) = (32 * index, 32 * index + 16)
      write(
        1 << (2 + index), name,
        fields.address(family, at: address).text(masked: fields.address(family, at: mask)),
        to: &line)
    }
    for (index, name) in Self.portOptions.enumerated() {
      write(1 << (8 + index), name, ports(fields, at: 138 + 2 * index), to: &line)
    }
    let statuses = statuses == 0 ? "NONE" : statuses.names(Self.statusNames)
    write(1 << 6, "--ctstatus", statuses, to: &line)
    write(1 << 7, "--ctexpire", expiry(fields), to: &line)
    if matchFlags & 1 << 12 != 0 {
      line.option("--ctdir", invertFlags & 1 << 12 == 0 ? "ORIGINAL" : "REPLY")
    }
  }

  private func write(
    _ flag: UInt16, _ option: String, _ value: @autoclosure () -> String, to line: inout RuleLine
  ) {
    guard matchFlags & flag != 0 else { return }
    line.option(option, value(), inverted: invertFlags & flag != 0)
  }

  /// The ports whose first stands at `offset`; revision 2 has no last.
  private func ports(_ fields: StructReader, at offset: Int) -> String {
    let first: UInt16 = fields.integer(at: offset)
    let last = others.count < 162 ? first : fields.integer(at: offset + 16)
    return PortRange(first: first, last: last).text(":")
  }

  private func expiry(_ fields: StructReader) -> String {
    let (minimum, maximum): (UInt32, UInt32) = (fields.integer(at: 128), fields.integer(at: 132))
    return minimum == maximum ? String(minimum) : "\(minimum):\(maximum)"
  }

  private static let addressOptions = [
    "--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst",
  ]

  private static let portOptions = [
    "--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport",
  ]

  private static let stateNames: [(bit: UInt16, name: String)] = [
    (1, "INVALID"), (8, "NEW"), (4, "RELATED"), (2, "ESTABLISHED"), (256, "UNTRACKED"),
    (64, "SNAT"), (128, "DNAT"),
  ]

  private static let statusNames: [(bit: UInt16, name: String)] = [
    (1, "EXPECTED"), (2, "SEEN_REPLY"), (4, "ASSURED"), (8, "CONFIRMED"),
  ]
}
