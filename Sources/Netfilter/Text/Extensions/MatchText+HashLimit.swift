extension MatchText {
  /// A rate in bytes is kept as what a byte costs, in 32 bits.
  static func hashLimit(_ layout: HashLimitLayout) -> MatchText {
    MatchText(
      size: layout.size,
      where: {
        !$0.has(hashLimitBytes, at: layout.modeOffset) || layout.average($0) <= UInt32.max
      },
      write: { write($0, layout, to: &$1) })
  }

  private static func write(
    _ info: StructReader, _ layout: HashLimitLayout, to line: inout RuleLine
  ) {
    let mode = info.byte(at: layout.modeOffset)
    line.option(mode & 16 != 0 ? "--hashlimit-above" : "--hashlimit-upto")
    let expiry =
      mode & hashLimitBytes != 0
      ? writeByteRate(layout.average(info), burst: layout.burst(info), to: &line)
      : writePacketRate(info, layout, to: &line)
    let keys = mode.names(hashLimitKeys)
    if !keys.isEmpty { line.option("--hashlimit-mode", keys) }
    line.option("--hashlimit-name")
    line.word(info.string(at: 0, size: layout.nameSize))
    writeTable(info, at: layout.tableOffset, usualExpiry: expiry, to: &line)
    let length: UInt8 = line.family == .ipv4 ? 32 : 128
    for (index, option) in ["--hashlimit-srcmask", "--hashlimit-dstmask"].enumerated() {
      let mask = info.byte(at: layout.maskOffset + index)
      if mask != length { line.option(option, "\(mask)") }
    }
    if mode & 64 != 0, let offset = layout.intervalOffset {
      line.option("--hashlimit-rate-match")
      let interval: UInt32 = info.integer(at: offset)
      if interval != 1 { line.option("--hashlimit-rate-interval", "\(interval)") }
    }
  }

  private static let hashLimitBytes: UInt8 = 32

  private static let hashLimitKeys: [(bit: UInt8, name: String)] = [
    (4, "srcip"), (8, "srcport"), (1, "dstip"), (2, "dstport"),
  ]

  private static func writeTable(
    _ info: StructReader, at offset: Int, usualExpiry: UInt32, to line: inout RuleLine
  ) {
    let fields: [(name: String, usual: UInt32)] = [
      ("size", 0), ("max", 0), ("gcinterval", 1000), ("expire", usualExpiry),
    ]
    for (index, field) in fields.enumerated() {
      let value: UInt32 = info.integer(at: offset + 4 * index)
      if value != field.usual { line.option("--hashlimit-htable-\(field.name)", "\(value)") }
    }
  }

  /// Packets in the longest unit that tells the rate, and the burst.
  ///
  /// - Returns: What entries' expiry is by default, in ms.
  ///
  /// C counterpart: `print_rate` of libxt_hashlimit.
  private static func writePacketRate(
    _ info: StructReader, _ layout: HashLimitLayout, to line: inout RuleLine
  ) -> UInt32 {
    let period = layout.average(info)
    var expiry: UInt32 = 0
    if period == 0 {
      line.word("inf")
    } else {
      var unit = rateUnits[0]
      for shorter in rateUnits.dropFirst() {
        let length = UInt64(shorter.seconds) * layout.second
        let (rate, rest) = length.quotientAndRemainder(dividingBy: period)
        if period > length || rate < rest { break }
        unit = shorter
      }
      line.word("\(UInt64(unit.seconds) * layout.second / period)/\(unit.name)")
      expiry = unit.seconds * 1000
    }
    line.option("--hashlimit-burst", "\(layout.burst(info))")
    return expiry
  }

  private static let rateUnits: [(seconds: UInt32, name: String)] = [
    (86400, "day"), (3600, "hour"), (60, "min"), (1, "sec"),
  ]

  /// Bytes in the largest unit that costs the same, and the burst if there is one.
  ///
  /// C counterpart: `print_bytes` of libxt_hashlimit.
  private static func writeByteRate(
    _ cost: UInt64, burst: UInt64, to line: inout RuleLine
  ) -> UInt32 {
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
