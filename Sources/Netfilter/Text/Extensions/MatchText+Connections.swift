/// Matches of connections and of the sockets at their ends.
extension MatchText {
  /// `struct xt_connmark_mtinfo1`.
  static let connectionMark = MatchText(size: 12) { info, line in
    let (mark, mask): (UInt32, UInt32) = (info.integer(at: 0), info.integer(at: 4))
    let suffix = mask == .max ? "" : "/\(mask.hexadecimal)"
    line.option("--mark", mark.hexadecimal + suffix, inverted: info.byte(at: 8) != 0)
  }

  /// `struct xt_connlimit_info`.
  static func connectionLimit(_ family: IPFamily) -> MatchText {
    MatchText(size: 32, where: { $0.address(family, at: 0).prefixLength != nil }) { info, line in
      let option = info.has(1, at: 20) ? "--connlimit-upto" : "--connlimit-above"
      line.option(option, "\(info.integer(UInt32.self, at: 16))")
      let length = info.address(family, at: 0).prefixLength ?? 0
      line.option("--connlimit-mask", "\(length)")
      line.option(info.has(2, at: 20) ? "--connlimit-daddr" : "--connlimit-saddr")
    }
  }

  /// `struct xt_helper_info`.
  static let helper = MatchText(size: 36) { info, line in
    line.option("--helper", inverted: info.integer(UInt32.self, at: 0) != 0)
    line.quotedWord(info.string(at: 4, size: 30))
  }

  /// `struct xt_owner_match_info`.
  static let owner = MatchText(size: 20) { info, line in
    let (socket, user, group): (UInt8, UInt8, UInt8) = (4, 1, 2)
    func write(_ option: String, _ bit: UInt8, at offset: Int) {
      guard info.has(bit, at: 16) else { return }
      line.range(
        option, info.integer(UInt32.self, at: offset), info.integer(UInt32.self, at: offset + 4),
        separator: "-", inverted: info.has(bit, at: 17))
    }
    if info.has(socket, at: 16) {
      line.option("--socket-exists", inverted: info.has(socket, at: 17))
    }
    write("--uid-owner", user, at: 0)
    write("--gid-owner", group, at: 8)
    if info.has(8, at: 16) { line.option("--suppl-groups", inverted: info.has(8, at: 17)) }
  }

  /// `struct xt_socket_mtinfo3`, and those before it, which have fewer flags.
  static let socket = MatchText(size: 1) { info, line in
    if info.has(1, at: 0) { line.option("--transparent") }
    if info.has(2, at: 0) { line.option("--nowildcard") }
    if info.has(4, at: 0) { line.option("--restore-skmark") }
  }

  /// `struct xt_cgroup_info_v0`.
  static let controlGroupNumber = MatchText(size: 8) { info, line in
    line.option(
      "--cgroup", "\(info.integer(UInt32.self, at: 0))",
      inverted: info.integer(UInt32.self, at: 4) != 0)
  }

  /// `struct xt_cgroup_info_v1`, which has both a path and a number.
  static let controlGroupPath = MatchText(size: 4112) { info, line in
    writeControlGroup(info, pathSize: 4096, numberOffset: 4100, to: &line)
  }

  /// `struct xt_cgroup_info_v2`: the path and the number share their place.
  static let controlGroup = MatchText(size: 528) { info, line in
    writeControlGroup(info, pathSize: 512, numberOffset: 4, to: &line)
  }

  private static func writeControlGroup(
    _ info: StructReader, pathSize: Int, numberOffset: Int, to line: inout RuleLine
  ) {
    if info.byte(at: 0) != 0 {
      line.option("--path", inverted: info.byte(at: 2) != 0)
      line.quotedWord(info.string(at: 4, size: pathSize))
    }
    if info.byte(at: 1) != 0 {
      line.option(
        "--cgroup", "\(info.integer(UInt32.self, at: numberOffset))",
        inverted: info.byte(at: 3) != 0)
    }
  }

  /// `struct xt_state_info`.
  static let state = MatchText(
    size: 4, where: { 1...15 ~= $0.integer(UInt32.self, at: 0) }
  ) { info, line in
    line.option("--state", info.byte(at: 0).names(states))
  }

  private static let states: [(bit: UInt8, name: String)] = [
    (1, "INVALID"), (8, "NEW"), (4, "RELATED"), (2, "ESTABLISHED"),
  ]

  /// `struct xt_connlabel_mtinfo`. The bit stands for itself: its name is in a file of the node.
  static let connectionLabel = MatchText(size: 4) { info, line in
    line.option(
      "--label", "\"\(info.integer(UInt16.self, at: 0))\"", inverted: info.has(1, at: 2))
    if info.has(2, at: 2) { line.option("--set") }
  }
}
