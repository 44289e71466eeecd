/// Numbers as several extensions write them, each with a blank before it.
extension LineWriter {
  /// Appends a number, or both ends of a range.
  public mutating func word(range first: UInt64, _ last: UInt64, separator: StaticString = ":") {
    word(number: first)
    if first == last { return }
    append(separator)
    append(number: last)
  }

  /// Appends `0x1/0xff`.
  public mutating func word(mark: UInt64, mask: UInt64) {
    word(hexadecimal: mark)
    append("/0x")
    append(hexadecimal: mask)
  }

  /// Appends a rate of packets, in the shortest unit of time that shows it better than a longer one.
  ///
  /// - Parameters:
  ///   - period: The time between two packets; 0 for no limit.
  ///   - second: The length of a second in the same unit.
  /// - Returns: The length of the rate's unit in seconds, 0 without a rate.
  ///
  /// C counterparts: `print_rate` of libxt_limit and of libxt_hashlimit.
  @discardableResult
  public mutating func word(period: UInt64, second: UInt64) -> UInt64 {
    if period == 0 {
      word("inf")
      return 0
    }
    var unit = Self.units[0]
    for shorter in Self.units.dropFirst() {
      let (rate, rest) = (shorter.seconds * second).quotientAndRemainder(dividingBy: period)
      if rate < rest { break }
      unit = shorter
    }
    word(number: unit.seconds * second / period)
    append(unit.name)
    return unit.seconds
  }

  private static let units: [(seconds: UInt64, name: StaticString)] = [
    (86400, "/day"), (3600, "/hour"), (60, "/min"), (1, "/sec"),
  ]

  /// Appends a probability in units of 2^-31 with 11 decimals, rounded from the exact value, to even
  /// where it lies between.
  public mutating func word(probability: UInt64) {
    // 10^11 / 2^31 is 5^11 / 2^20.
    let exact = probability * 48_828_125
    var decimals = exact >> 20
    let rest = exact & 0xf_ffff
    if rest > 0x8_0000 || rest == 0x8_0000 && decimals & 1 == 1 { decimals += 1 }
    var place: UInt64 = 100_000_000_000
    word(number: decimals / place)
    append(".")
    while place > 1 {
      place /= 10
      append(number: decimals / place % 10)
    }
  }
}
