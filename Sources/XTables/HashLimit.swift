internal import Netfilter

extension Extension {
  /// `struct xt_hashlimit_mtinfo1` to `xt_hashlimit_mtinfo3`.
  static var hashLimits: [Extension] {
    [
      Extension("hashlimit", 1...1, size: 56) { HashLimit.revision1.write($0, to: &$1) },
      Extension("hashlimit", 2...2, size: 304) { HashLimit.revision2.write($0, to: &$1) },
      Extension("hashlimit", 3...3, size: 312) { HashLimit.revision3.write($0, to: &$1) },
    ]
  }
}

/// Where a revision of hashlimit's struct has its fields, and its unit of time.
private struct HashLimit: Sendable {
  let nameSize: Int
  let average: Number
  let burst: Number
  let modeOffset: Int
  /// Of the table's size, the first of four numbers.
  let tableOffset: Int
  let maskOffset: Int
  /// How much a second is in the average's unit.
  let second: UInt64
  /// Of the interval of `--hashlimit-rate-match`, where the revision has it.
  let interval: Number?

  static let revision1 = HashLimit(
    nameSize: 16, average: .u32(20), burst: .u32(24), modeOffset: 16, tableOffset: 28,
    maskOffset: 44, second: 10_000, interval: nil)

  /// It reckons in millionths of a second.
  static let revision2 = HashLimit(
    nameSize: 255, average: .u64(256), burst: .u64(264), modeOffset: 272, tableOffset: 276,
    maskOffset: 292, second: 1_000_000, interval: nil)

  static let revision3 = HashLimit(
    nameSize: 255, average: .u64(256), burst: .u64(264), modeOffset: 272, tableOffset: 276,
    maskOffset: 296, second: 1_000_000, interval: .u32(292))

  func write(_ info: Span<UInt8>, to line: inout LineWriter) {
    let mode = info.byte(modeOffset)
    line.option(mode & 16 != 0 ? "--hashlimit-above" : "--hashlimit-upto")
    let isInBytes = mode & 32 != 0
    let expiry = isInBytes ? writeByteRate(info, to: &line) : writePacketRate(info, to: &line)
    if mode & 15 != 0 {
      line.option("--hashlimit-mode")
      line.word(
        bits: UInt64(mode), [4: "srcip", 8: "srcport", 1: "dstip", 2: "dstport"])
    }
    line.option("--hashlimit-name")
    line.word(info, text: 0, size: nameSize)
    writeTable(info, usualExpiry: expiry, to: &line)
    if mode & 64 != 0, let interval {
      line.option("--hashlimit-rate-match")
      let seconds = interval.value(info)
      if seconds != 1 { line.option("--hashlimit-rate-interval", number: seconds) }
    }
  }

  /// What isn't as usual of the table's entries, and of the masks of addresses.
  private func writeTable(
    _ info: Span<UInt8>, usualExpiry: UInt64, to line: inout LineWriter
  ) {
    let length: UInt64 = line.family == .ipv4 ? 32 : 128
    let fields: [(option: StaticString, value: UInt64, usual: UInt64)] = [
      ("--hashlimit-htable-size", info.u32(tableOffset), 0),
      ("--hashlimit-htable-max", info.u32(tableOffset + 4), 0),
      ("--hashlimit-htable-gcinterval", info.u32(tableOffset + 8), 1000),
      ("--hashlimit-htable-expire", info.u32(tableOffset + 12), usualExpiry),
      ("--hashlimit-srcmask", info.u8(maskOffset), length),
      ("--hashlimit-dstmask", info.u8(maskOffset + 1), length),
    ]
    for field in fields where field.value != field.usual {
      line.option(field.option, number: field.value)
    }
  }

  /// Packets in the longest unit that tells the rate, and the burst.
  ///
  /// - Returns: What entries' expiry is by default, in ms.
  private func writePacketRate(_ info: Span<UInt8>, to line: inout LineWriter) -> UInt64 {
    let seconds = line.word(period: average.value(info), second: second)
    line.option("--hashlimit-burst", number: burst.value(info))
    return seconds * 1000
  }

  /// Bytes in the largest unit that costs the same, and the burst if there is one. A rate in bytes is
  /// kept as what a byte costs, in 32 bits.
  ///
  /// - Returns: What entries' expiry is by default, in ms.
  ///
  /// C counterpart: `print_bytes` of libxt_hashlimit.
  private func writeByteRate(_ info: Span<UInt8>, to line: inout LineWriter) -> UInt64 {
    let (cost, burst) = (average.value(info), burst.value(info))
    let most = UInt64(UInt32.max)
    if cost > most { line.fail() }
    let rate = ((cost == 0 ? most : most / min(cost, most)) - 1) << 4
    let unit = Self.units.first { unit in
      // libxt_hashlimit's mask has 32 bits, the rate more.
      let whole = rate & UInt64(~UInt32(unit.size - 1))
      return rate >= unit.size && most / (whole >> 4 + 1) == cost
    }
    write(rate, in: unit, to: &line)
    line.append("/s")
    guard burst != 0 else { return 15_000 }
    let total = rate &* burst
    line.option("--hashlimit-burst")
    write(total, in: Self.units.first { total >= $0.size }, to: &line)
    return 60_000
  }

  private func write(
    _ bytes: UInt64, in unit: (size: UInt64, name: StaticString)?, to line: inout LineWriter
  ) {
    line.word(number: bytes / (unit?.size ?? 1))
    line.append(unit?.name ?? "b")
  }

  private static let units: [(size: UInt64, name: StaticString)] = [
    (1024 * 1024, "mb"), (1024, "kb"),
  ]
}
