internal import Netfilter

extension Extension {
  /// Matches of how much and how often, but for `hashlimit`.
  static var rates: [Extension] {
    [
      // `struct xt_rateinfo`: the mean time between packets in units of 0.1 ms, and the burst.
      Extension(
        "limit", size: 40,
        Option("--limit", .rate(.u32(0), second: 10_000)),
        Option("--limit-burst", .number(.u32(4)), if: .differs(.u32(4), from: 5))),
      // It has what was given: the kernel counts elsewhere.
      Extension("quota", size: 24, Option("--quota", .number(.u64(8)), not: .bit(1, at: 0))),
      Extension("statistic", size: 24, writeStatistic),
      // libxt_nfacct puts a blank of its own before that of the word.
      Extension("nfacct", 0...1, size: 40, Option("--nfacct-name ", .quoted(0, size: 32))),
      Extension("recent", size: 212, options: recent(mask: .fullMask)),
      Extension("recent", 1...1, size: 228, options: recent(mask: .address(212))),
      Extension("rateest", size: 72, writeRateEstimate),
      Extension("RATEEST", size: 32, writeRateEstimator),
    ]
  }

  private static func writeStatistic(_ info: Span<UInt8>, to line: inout LineWriter) {
    let isInverted = info.has(1, at: 2)
    switch info.u16(0) {
    case 0:
      line.option("--mode random")
      line.option("--probability", inverted: isInverted)
      line.word(probability: info.u32(4))
    case 1:
      line.option("--mode nth")
      // The kernel counts from 0, iptables' users from 1.
      line.option("--every", number: (info.u32(4) + 1) & 0xffff_ffff, inverted: isInverted)
      line.option("--packet", number: info.u32(8))
    default: line.fail()
    }
  }

  /// `struct xt_recent_mtinfo`, and `xt_recent_mtinfo_v1`, which has a mask.
  private static func recent(mask: Value) -> [Option] {
    [
      Option("!", if: .nonzero(.u8(9))),
      Option("--set", bit: 2, at: 8),
      Option("--rcheck", bit: 1, at: 8),
      Option("--update", bit: 4, at: 8),
      Option("--remove", bit: 8, at: 8),
      Option("--seconds", .signed(0), if: .nonzero(.u32(0))),
      Option("--reap", bit: 32, at: 8),
      Option("--hitcount", .signed(4), if: .nonzero(.u32(4))),
      Option("--rttl", bit: 16, at: 8),
      Option("--name", .text(10, size: 200)),
      Option("--mask", mask),
      Option("--rdest", if: .equals(.u8(210), 1)),
      Option("--rsource", if: .differs(.u8(210), from: 1)),
    ]
  }

  /// `struct xt_rateest_match_info`: an estimator's rates, compared with numbers or with another's.
  private static func writeRateEstimate(_ info: Span<UInt8>, to line: inout LineWriter) {
    let comparesTwo = info.has(4, at: 32)
    if comparesTwo == info.has(2, at: 32) { return line.fail() }
    if info.has(8, at: 32) { line.option("--rateest-delta") }
    line.option(comparesTwo ? "--rateest1" : "--rateest")
    line.word(info, text: 0, size: 16)
    if info.has(16, at: 32) {
      writeComparison(info, "--rateest-bps", 36, to: &line) { $1.word(bitRate: $0) }
    }
    if info.has(32, at: 32) {
      writeComparison(info, "--rateest-pps", 40, to: &line) { $1.word(number: $0) }
    }
    if comparesTwo {
      line.option("--rateest2")
      line.word(info, text: 16, size: 16)
    }
  }

  /// - Parameter offset: Where the first number stands; the second one is 8 bytes behind it.
  private static func writeComparison(
    _ info: Span<UInt8>, _ option: StaticString, _ offset: Int, to line: inout LineWriter,
    _ write: (UInt64, inout LineWriter) -> Void
  ) {
    let isDelta = info.has(8, at: 32)
    if isDelta {
      line.option(option)
      line.append("1")
      write(info.u32(offset), &line)
    }
    if info.has(1, at: 32) { line.append(" !") }
    line.word(name: info.u16(34), [1: "--rateest-eq", 2: "--rateest-lt", 3: "--rateest-gt"])
    line.option(option)
    if isDelta { line.append("2") }
    if isDelta || info.has(2, at: 32) { write(info.u32(offset + 8), &line) }
  }

  /// `struct xt_rateest_target_info`. The interval is a power of two, of seconds; what is averaged is that
  /// many intervals as a second power of two says.
  private static func writeRateEstimator(_ info: Span<UInt8>, to line: inout LineWriter) {
    let exponent = Int8(bitPattern: info.byte(16))
    let intervals = info.u8(17)
    guard -2...3 ~= exponent, intervals < 32 else { return line.fail() }
    let interval = UInt64(250_000) << UInt64(exponent + 2)
    // libxt_RATEEST counts microseconds in 32 bits, and lets none be more.
    if interval << intervals > UInt32.max { return line.fail() }
    line.option("--rateest-name")
    line.word(info, text: 0, size: 16)
    line.option("--rateest-interval")
    line.word(microseconds: interval)
    line.option("--rateest-ewmalog")
    line.word(microseconds: interval << intervals)
  }
}

extension Value {
  /// A mask of all bits.
  fileprivate static let fullMask = Value { info, line in
    line.word(line.family.fullMask)
  }

  /// A rate of packets, given as the time between two, in the unit of which a second has that many.
  fileprivate static func rate(_ period: Number, second: UInt64) -> Value {
    Value { info, line in _ = line.word(period: period.value(info), second: second) }
  }
}

extension LineWriter {
  /// C counterpart: `rateest_print_rate` of libxt_rateest.
  fileprivate mutating func word(bitRate bytesPerSecond: UInt64) {
    let bits = bytesPerSecond * 8
    let (unit, name): (UInt64, StaticString) =
      bits >= 1_000_000_000 ? (1_000_000, "Mbit") : bits >= 1_000_000 ? (1000, "Kbit") : (1, "bit")
    let (whole, rest) = bits.quotientAndRemainder(dividingBy: unit)
    // Halves go to the even number, as with `printf`.
    word(number: 2 * rest > unit || (2 * rest == unit && whole % 2 == 1) ? whole + 1 : whole)
    append(name)
  }

  /// Appends a quarter of a second, half of one, or whole ones.
  fileprivate mutating func word(microseconds: UInt64) {
    let isShort = microseconds < 1_000_000
    word(number: microseconds / (isShort ? 1000 : 1_000_000))
    append(isShort ? ".0ms" : ".0s")
  }
}
