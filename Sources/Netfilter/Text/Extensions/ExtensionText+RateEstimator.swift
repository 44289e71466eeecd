extension ExtensionText {
  /// C counterpart: `struct xt_rateest_target_info`. The interval is a power of two, of seconds; what
  /// is averaged is that many intervals as a second power of two tells.
  static func writeRateEstimator(_ info: StructReader, to line: inout RuleLine) -> Bool {
    let exponent = Int8(bitPattern: info.byte(at: 16))
    let intervals = info.byte(at: 17)
    guard -2...3 ~= exponent, intervals < 32 else { return false }
    let interval = UInt64(250_000) << UInt64(exponent + 2)
    let average = interval << UInt64(intervals)
    // libxt_RATEEST counts microseconds in 32 bits, and lets none be more.
    guard average <= UInt32.max else { return false }
    line.option("--rateest-name")
    line.word(info.string(at: 0, size: 16))
    line.option("--rateest-interval", duration(interval))
    line.option("--rateest-ewmalog", duration(average))
    return true
  }

  /// A quarter of a second, half of one, or whole ones.
  private static func duration(_ microseconds: UInt64) -> String {
    microseconds < 1_000_000
      ? "\(microseconds / 1000).0ms" : "\(microseconds / 1_000_000).0s"
  }
}
