extension MatchText {
  /// `struct xt_hashlimit_mtinfo3`. A rate in bytes is kept as what a byte costs, in 32 bits.
  static let hashLimit = MatchText(
    size: 312,
    where: {
      !$0.has(hashLimitBytes, at: 272) || $0.integer(UInt64.self, at: 256) <= UInt32.max
    }
  ) { info, line in
    let mode = info.byte(at: 272)
    line.option(mode & 16 != 0 ? "--hashlimit-above" : "--hashlimit-upto")
    let expiry =
      mode & hashLimitBytes != 0
      ? writeByteRate(info, to: &line) : writePacketRate(info, to: &line)
    let keys = mode.names(hashLimitKeys)
    if !keys.isEmpty { line.option("--hashlimit-mode", keys) }
    line.option("--hashlimit-name")
    line.word(info.string(at: 0, size: 255))
    writeTable(info, usualExpiry: expiry, to: &line)
    let length: UInt8 = line.family == .ipv4 ? 32 : 128
    for (option, offset) in [("--hashlimit-srcmask", 296), ("--hashlimit-dstmask", 297)]
    where info.byte(at: offset) != length {
      line.option(option, "\(info.byte(at: offset))")
    }
    if mode & 64 != 0 {
      line.option("--hashlimit-rate-match")
      let interval: UInt32 = info.integer(at: 292)
      if interval != 1 { line.option("--hashlimit-rate-interval", "\(interval)") }
    }
  }

  private static let hashLimitBytes: UInt8 = 32

  private static let hashLimitKeys: [(bit: UInt8, name: String)] = [
    (4, "srcip"), (8, "srcport"), (1, "dstip"), (2, "dstport"),
  ]

  private static func writeTable(
    _ info: StructReader, usualExpiry: UInt32, to line: inout RuleLine
  ) {
    let fields: [(name: String, offset: Int, usual: UInt32)] = [
      ("size", 276, 0), ("max", 280, 0), ("gcinterval", 284, 1000), ("expire", 288, usualExpiry),
    ]
    for field in fields {
      let value: UInt32 = info.integer(at: field.offset)
      if value != field.usual { line.option("--hashlimit-htable-\(field.name)", "\(value)") }
    }
  }

  /// Packets in the longest unit that tells the rate, and the burst.
  ///
  /// - Returns: What entries' expiry is by default, in ms.
  ///
  /// C counterpart: `print_rate` of libxt_hashlimit.
  private static func writePacketRate(_ info: StructReader, to line: inout RuleLine) -> UInt32 {
    let period: UInt64 = info.integer(at: 256)
    var expiry: UInt32 = 0
    if period == 0 {
      line.word("inf")
    } else {
      var unit = rateUnits[0]
      for shorter in rateUnits.dropFirst() {
        let length = UInt64(shorter.seconds) * 1_000_000
        let (rate, rest) = length.quotientAndRemainder(dividingBy: period)
        if period > length || rate < rest { break }
        unit = shorter
      }
      line.word("\(UInt64(unit.seconds) * 1_000_000 / period)/\(unit.name)")
      expiry = unit.seconds * 1000
    }
    line.option("--hashlimit-burst", "\(info.integer(UInt64.self, at: 264))")
    return expiry
  }

  private static let rateUnits: [(seconds: UInt32, name: String)] = [
    (86400, "day"), (3600, "hour"), (60, "min"), (1, "sec"),
  ]

  /// Bytes in the largest unit that costs the same, and the burst if there is one.
  ///
  /// C counterpart: `print_bytes` of libxt_hashlimit.
  private static func writeByteRate(_ info: StructReader, to line: inout RuleLine) -> UInt32 {
    let (cost, burst): (UInt64, UInt64) = (info.integer(at: 256), info.integer(at: 264))
    let most = UInt64(UInt32.max)
    let rate = ((cost == 0 ? most : most / cost) - 1) << 4
    let unit =
      byteUnits.first { unit in
        let whole = rate & UInt64(~(unit.size - 1))
        return rate >= unit.size && most / ((whole >> 4) + 1) == cost
      } ?? (1, "b")
    line.word("\(rate / UInt64(unit.size))\(unit.name)/s")
    guard burst != 0 else { return 15_000 }
    let total = rate &* burst
    let burstUnit = byteUnits.first { total >= $0.size } ?? (1, "b")
    line.option("--hashlimit-burst", "\(total / UInt64(burstUnit.size))\(burstUnit.name)")
    return 60_000
  }

  private static let byteUnits: [(size: UInt32, name: String)] = [
    (1024 * 1024, "mb"), (1024, "kb"),
  ]
}
