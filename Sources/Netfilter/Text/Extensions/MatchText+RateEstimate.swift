extension MatchText {
  /// `struct xt_rateest_match_info`: an estimator's rates, compared with numbers or with another's.
  static let rateEstimate = MatchText(
    size: 72,
    where: { 1...3 ~= $0.integer(UInt16.self, at: 34) && $0.has(2, at: 32) != $0.has(4, at: 32) }
  ) { info, line in
    let comparesTwo = info.has(4, at: 32)
    if info.has(8, at: 32) { line.option("--rateest-delta") }
    line.option(comparesTwo ? "--rateest1" : "--rateest")
    line.word(info.string(at: 0, size: 16))
    if info.has(16, at: 32) {
      let (first, second): (UInt32, UInt32) = (info.integer(at: 36), info.integer(at: 44))
      writeComparison(info, "--rateest-bps", bitRate(first), bitRate(second), to: &line)
    }
    if info.has(32, at: 32) {
      let (first, second): (UInt32, UInt32) = (info.integer(at: 40), info.integer(at: 48))
      writeComparison(info, "--rateest-pps", "\(first)", "\(second)", to: &line)
    }
    if comparesTwo {
      line.option("--rateest2")
      line.word(info.string(at: 16, size: 16))
    }
  }

  private static func writeComparison(
    _ info: StructReader, _ option: String, _ first: String, _ second: String,
    to line: inout RuleLine
  ) {
    let isDelta = info.has(8, at: 32)
    if isDelta { line.option(option + "1", first) }
    let modes: [UInt16: String] = [1: "eq", 2: "lt", 3: "gt"]
    let mode = modes[info.integer(at: 34)] ?? ""
    line.option("--rateest-\(mode)", inverted: info.has(1, at: 32))
    line.option(isDelta ? option + "2" : option)
    if isDelta || info.has(2, at: 32) { line.word(second) }
  }

  /// C counterpart: `rateest_print_rate` of libxt_rateest.
  private static func bitRate(_ bytesPerSecond: UInt32) -> String {
    let bits = UInt64(bytesPerSecond) * 8
    if bits >= 1_000_000_000 { return "\(rounded(bits, to: 1_000_000))Mbit" }
    return bits >= 1_000_000 ? "\(rounded(bits, to: 1000))Kbit" : "\(bits)bit"
  }

  /// In that unit, halves to the even number, as `printf` does.
  private static func rounded(_ number: UInt64, to unit: UInt64) -> UInt64 {
    let (whole, rest) = number.quotientAndRemainder(dividingBy: unit)
    return 2 * rest > unit || (2 * rest == unit && whole % 2 == 1) ? whole + 1 : whole
  }
}
