internal import Netfilter

extension Extension {
  /// Matches and targets of ipset, which the kernel keeps by their indices.
  static var sets: [Extension] {
    [
      // `struct xt_set_info_match_v1`.
      Extension("set", 1...2, size: 4) { info, sets, line in
        line.writeMatch(info, sets)
        if info.has(0x80, at: 3) { line.option("--return-nomatch") }
      },
      // `struct xt_set_info_match_v3` and `xt_set_info_match_v4` have two counters of 16 bytes: what is
      // compared with and how, in either order.
      Extension("set", 3...3, size: 48) { $2.writeMatch($0, $1, counterValue: 8, comparison: 0) },
      Extension("set", 4...4, size: 48) { $2.writeMatch($0, $1, counterValue: 0, comparison: 8) },
      // `struct xt_set_info_target_v1` to `struct xt_set_info_target_v3`.
      Extension("SET", 1...1, size: 8) { $2.writeTarget($0, $1, count: 2, options: nil) },
      Extension("SET", 2...2, size: 16) { $2.writeTarget($0, $1, count: 2, options: 8) },
      Extension("SET", 3...3, size: 20) { $2.writeTarget($0, $1, count: 3, options: 12) },
    ]
  }
}

extension LineWriter {
  fileprivate mutating func writeMatch(_ info: Span<UInt8>, _ sets: XTables.SetName) {
    option("--match-set", inverted: info.has(1, at: 3))
    writeSet(info, 0, sets)
  }

  fileprivate mutating func writeMatch(
    _ info: Span<UInt8>, _ sets: XTables.SetName, counterValue: Int, comparison: Int
  ) {
    writeMatch(info, sets)
    if info.has(0x80, at: 40) { option("--return-nomatch") }
    if info.has(0x08, at: 40) { option("--update-counters", inverted: true) }
    if info.has(0x10, at: 40) { option("--update-subcounters", inverted: true) }
    for (name, start) in [("--packets", 8), ("--bytes", 24)] as [(StaticString, Int)] {
      let kind = info.u8(start + comparison)
      if kind == 0 { continue }
      if kind > 4 { return fail() }
      option(name, inverted: kind == 2)
      append(kind == 3 ? "-lt" : kind == 4 ? "-gt" : "-eq")
      word(number: info.u64(start + counterValue))
    }
  }

  /// - Parameters:
  ///   - count: The sets that there is room for: what is added to, deleted from, and taken from.
  ///   - options: Where flags and a timeout stand.
  fileprivate mutating func writeTarget(
    _ info: Span<UInt8>, _ sets: XTables.SetName, count: Int, options: Int?
  ) {
    let flags = options.map { info.u32($0) } ?? 0
    let names: [StaticString] = ["--add-set", "--del-set", "--map-set"]
    for (index, name) in names.prefix(count).enumerated() {
      // `IPSET_INVALID_ID`.
      if info.u16(4 * index) == 0xffff { continue }
      option(name)
      writeSet(info, 4 * index, sets)
      if index == 0, let options {
        if flags & 1 != 0 { option("--exist") }
        let timeout = info.u32(options + 4)
        if timeout != 0xffff_ffff { option("--timeout", number: timeout) }
      }
    }
    guard count > 2, info.u16(8) != 0xffff else { return }
    if flags & 0x100 != 0 { option("--map-mark") }
    if flags & 0x200 != 0 { option("--map-prio") }
    if flags & 0x400 != 0 { option("--map-queue") }
  }

  /// Appends a set's name, and of each of its dimensions where it is taken from.
  ///
  /// C counterpart: `struct xt_set_info`.
  private mutating func writeSet(_ info: Span<UInt8>, _ offset: Int, _ sets: XTables.SetName) {
    let name = sets(UInt16(truncatingIfNeeded: info.u16(offset)))
    if name.isEmpty { return fail() }
    word(name.span)
    for dimension in 0..<min(info.byte(offset + 2), 6) {
      append(dimension == 0 ? " " : ",")
      append(info.has(2 << dimension, at: offset + 3) ? "src" : "dst")
    }
  }
}
