/// Matches of how much went through.
extension MatchText {
  /// `struct xt_connbytes_info`: inverted where the ends of the range are the other way round.
  static let connectionBytes = MatchText(
    size: 24,
    where: { $0.byte(at: 16) < amounts.count && $0.byte(at: 17) < directions.count }
  ) { info, line in
    let (from, to): (UInt64, UInt64) = (info.integer(at: 0), info.integer(at: 8))
    let (first, last) = (min(from, to), max(from, to))
    let range = last == 0 || last == .max ? "\(first)" : "\(first):\(last)"
    line.option("--connbytes", range, inverted: from > to)
    line.option("--connbytes-mode", amounts[Int(info.byte(at: 16))])
    line.option("--connbytes-dir", directions[Int(info.byte(at: 17))])
  }

  private static let amounts = ["packets", "bytes", "avgpkt"]
  private static let directions = ["original", "reply", "both"]

  /// `struct xt_quota_info`, which has what was given: the kernel counts elsewhere.
  static let quota = MatchText(size: 24) { info, line in
    line.option(
      "--quota", "\(info.integer(UInt64.self, at: 8))", inverted: info.has(1, at: 0))
  }
}
