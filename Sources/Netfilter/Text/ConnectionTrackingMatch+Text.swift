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
    write(1 << 1, "--ctproto", String(number(at: 136)), to: &line)
    let family = line.family
    for (index, name) in Self.addressOptions.enumerated() {
      write(1 << (2 + index), name, address(at: 32 * index, family), to: &line)
    }
    for (index, name) in Self.portOptions.enumerated() {
      write(1 << (8 + index), name, ports(at: 138 + 2 * index), to: &line)
    }
    let statuses = statuses == 0 ? "NONE" : statuses.names(Self.statusNames)
    write(1 << 6, "--ctstatus", statuses, to: &line)
    write(1 << 7, "--ctexpire", expiry, to: &line)
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

  /// The address at `offset` and the mask behind it, which isn't written where it has all bits.
  private func address(at offset: Int, _ family: IPFamily) -> String {
    let text = plainAddress(family, at: offset).numericText
    let mask = plainAddress(family, at: offset + 16)
    let isFull = mask.prefixLength == (family == .ipv4 ? 32 : 128)
    return isFull ? text : "\(text)/\(mask.maskText)"
  }

  /// The ports whose first stands at `offset`; revision 2 has no last.
  private func ports(at offset: Int) -> String {
    let first = number(at: offset)
    return PortRange(first: first, last: others.count < 162 ? first : number(at: offset + 16))
      .text(":")
  }

  private var expiry: String {
    let (minimum, maximum) = (longNumber(at: 128), longNumber(at: 132))
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

/// The fields of ``ConnectionTrackingMatch/others``: zero where they don't lie within.
extension ConnectionTrackingMatch {
  private func plainAddress(_ family: IPFamily, at offset: Int) -> IPAddress {
    let high = word(at: offset)
    switch family {
    case .ipv4: return IPAddress(ipv4: UInt32(high >> 32))
    case .ipv6: return IPAddress(ipv6High: high, low: word(at: offset + 8))
    }
  }

  /// Eight bytes in network order.
  private func word(at offset: Int) -> UInt64 {
    (offset..<offset + 8).reduce(0) { $0 << 8 | UInt64(byte(at: $1)) }
  }

  /// Two bytes in the machine's order.
  private func number(at offset: Int) -> UInt16 {
    UInt16(littleEndian: UInt16(byte(at: offset)) | UInt16(byte(at: offset + 1)) << 8)
  }

  /// Four bytes in the machine's order.
  private func longNumber(at offset: Int) -> UInt32 {
    UInt32(littleEndian: (0..<4).reduce(0) { $0 | UInt32(byte(at: offset + $1)) << (8 * $1) })
  }

  private func byte(at index: Int) -> UInt8 { index < others.count ? others[index] : 0 }
}
