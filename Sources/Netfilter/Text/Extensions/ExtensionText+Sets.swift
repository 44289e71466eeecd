/// Matches and targets of ipset, whose structs stand behind the sets' names.
extension MatchText {
  /// `struct xt_set_info_match_v1`.
  static let set = MatchText(size: nameSize + 4) { info, line in
    writeMatchedSet(info, to: &line)
    if info.has(0x80, at: nameSize + 3) { line.option("--return-nomatch") }
  }

  /// `struct xt_set_info_match_v3` and `struct xt_set_info_match_v4`, which have two counters of 16 bytes,
  /// each what is compared with and how, in either order.
  static func setCounters(valueOffset: Int, kindOffset: Int) -> MatchText {
    MatchText(
      size: nameSize + 48,
      where: { info in
        [8, 24].allSatisfy { info.byte(at: nameSize + $0 + kindOffset) <= 4 }
      }
    ) { info, line in
      writeMatchedSet(info, to: &line)
      let flags = info.integer(UInt32.self, at: nameSize + 40)
      if flags & 0x80 != 0 { line.option("--return-nomatch") }
      if flags & 0x08 != 0 { line.option("--update-counters", inverted: true) }
      if flags & 0x10 != 0 { line.option("--update-subcounters", inverted: true) }
      for (name, start) in [("--packets", nameSize + 8), ("--bytes", nameSize + 24)] {
        let kind = info.byte(at: start + kindOffset)
        guard kind != 0 else { continue }
        let value = info.integer(UInt64.self, at: start + valueOffset)
        let suffix = kind == 3 ? "-lt" : kind == 4 ? "-gt" : "-eq"
        line.option(name + suffix, String(value), inverted: kind == 2)
      }
    }
  }

  private static let nameSize = SetReferences.nameSize

  private static func writeMatchedSet(_ info: StructReader, to line: inout RuleLine) {
    line.option("--match-set", inverted: info.has(1, at: nameSize + 3))
    line.setWord(info, nameOffset: 0, referenceOffset: nameSize)
  }
}

extension ExtensionText {
  /// C counterparts: `struct xt_set_info_target_v1` to `struct xt_set_info_target_v3`.
  ///
  /// - Parameters:
  ///   - count: the sets that there is room for: what is added to, deleted from, and taken from.
  ///   - hasOptions: whether flags and a timeout stand behind them.
  static func setTarget(_ count: Int, hasOptions: Bool) -> TargetForm {
    let size = (SetReferences.nameSize + 4) * count
    return (
      size + (hasOptions ? 8 : 0),
      { writeSets($0, count, optionsOffset: hasOptions ? size : nil, to: &$1) }
    )
  }

  private static func writeSets(
    _ info: StructReader, _ count: Int, optionsOffset options: Int?, to line: inout RuleLine
  ) -> Bool {
    let size = SetReferences.nameSize
    func write(_ option: String, _ position: Int) -> Bool {
      guard position < count, info.byte(at: size * position) != 0 else { return false }
      line.option(option)
      line.setWord(info, nameOffset: size * position, referenceOffset: size * count + 4 * position)
      return true
    }
    let flags = options.map { info.integer(UInt32.self, at: $0) } ?? 0
    if write("--add-set", 0), let options {
      if flags & 1 != 0 { line.option("--exist") }
      let timeout = info.integer(UInt32.self, at: options + 4)
      if timeout != .max { line.option("--timeout", String(timeout)) }
    }
    _ = write("--del-set", 1)
    if write("--map-set", 2) {
      for (bit, option) in mapOptions where flags & bit != 0 { line.option(option) }
    }
    return true
  }

  private static let mapOptions: [(bit: UInt32, option: String)] = [
    (0x100, "--map-mark"), (0x200, "--map-prio"), (0x400, "--map-queue"),
  ]
}

extension RuleLine {
  /// Appends a set's name, and of each of its dimensions where it is taken from.
  ///
  /// C counterpart: `struct xt_set_info`.
  fileprivate mutating func setWord(
    _ info: StructReader, nameOffset: Int, referenceOffset: Int
  ) {
    word(info.string(at: nameOffset, size: SetReferences.nameSize))
    let dimensions = min(info.byte(at: referenceOffset + 2), 6)
    for dimension in 0..<dimensions {
      append(dimension == 0 ? " " : ",")
      append(info.has(2 << dimension, at: referenceOffset + 3) ? "src" : "dst")
    }
  }
}
