/// Matches of what a packet's interface, its route or its processor belongs to.
extension MatchText {
  /// `struct xt_devgroup_info`.
  static let deviceGroup = MatchText(size: 20) { info, line in
    let sides: [(option: String, bit: UInt8, offset: Int)] = [
      ("--src-group", 1, 4), ("--dst-group", 4, 12),
    ]
    for side in sides where info.has(side.bit, at: 0) {
      line.option(
        side.option, named(info, at: side.offset, zero: "default"),
        inverted: info.has(side.bit << 1, at: 0))
    }
  }

  /// `struct xt_realm_info`.
  static let realm = MatchText(size: 12) { info, line in
    line.option("--realm", named(info, at: 0, zero: "cosmos"), inverted: info.byte(at: 8) != 0)
  }

  /// A number and its mask. Zero has the name that iproute2 comes with; others are a node's own.
  private static func named(_ info: StructReader, at offset: Int, zero: String) -> String {
    let (number, mask): (UInt32, UInt32) = (info.integer(at: offset), info.integer(at: offset + 4))
    guard mask == .max else { return "\(number.hexadecimal)/\(mask.hexadecimal)" }
    return number == 0 ? zero : number.hexadecimal
  }

  /// `struct xt_cpu_info`.
  static let processor = MatchText(size: 8) { info, line in
    line.option(
      "--cpu", "\(info.integer(UInt32.self, at: 0))",
      inverted: info.integer(UInt32.self, at: 4) != 0)
  }

  /// `struct xt_cluster_match_info`.
  static let clusterNode = MatchText(size: 16) { info, line in
    let (mask, seed): (UInt32, UInt32) = (info.integer(at: 4), info.integer(at: 8))
    line.option("--cluster-local-nodemask", "0x" + mask.digits(8), inverted: info.has(1, at: 12))
    line.option("--cluster-total-nodes", "\(info.integer(UInt32.self, at: 0))")
    line.option("--cluster-hash-seed", "0x" + seed.digits(8))
  }
}
