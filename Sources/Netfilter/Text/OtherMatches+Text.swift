extension AddressTypeMatch {
  func write(to line: inout RuleLine) {
    line.word("addrtype")
    if source != 0 {
      line.option("--src-type", source.names(Self.types), inverted: flags & 1 != 0)
    }
    if destination != 0 {
      line.option("--dst-type", destination.names(Self.types), inverted: flags & 2 != 0)
    }
    if flags & 4 != 0 { line.option("--limit-iface-in") }
    if flags & 8 != 0 { line.option("--limit-iface-out") }
  }

  private static let types: [(bit: UInt16, name: String)] = [
    (1 << 0, "UNSPEC"), (1 << 1, "UNICAST"), (1 << 2, "LOCAL"), (1 << 3, "BROADCAST"),
    (1 << 4, "ANYCAST"), (1 << 5, "MULTICAST"), (1 << 6, "BLACKHOLE"), (1 << 7, "UNREACHABLE"),
    (1 << 8, "PROHIBIT"), (1 << 9, "THROW"), (1 << 10, "NAT"), (1 << 11, "XRESOLVE"),
  ]
}

extension LimitMatch {
  func write(to line: inout RuleLine) {
    line.option("limit", "--limit")
    line.word(rate)
    if burst != 5 { line.option("--limit-burst", String(burst)) }
  }

  /// In the shortest unit of time that tells the rate better than a longer one.
  ///
  /// C counterpart: `print_rate` of libxt_limit.
  private var rate: String {
    guard average > 0 else { return "inf" }
    var unit = Self.units[0]
    for shorter in Self.units.dropFirst() {
      let (rate, rest) = shorter.length.quotientAndRemainder(dividingBy: average)
      if average > shorter.length || rate < rest { break }
      unit = shorter
    }
    return "\(unit.length / average)/\(unit.name)"
  }

  private static let units: [(length: UInt32, name: String)] = [
    (864_000_000, "day"), (36_000_000, "hour"), (600_000, "min"), (10_000, "sec"),
  ]
}

extension MarkMatch {
  func write(to line: inout RuleLine) {
    let suffix = mask == .max ? "" : "/\(mask.hexadecimal)"
    line.word("mark")
    line.option("--mark", value.hexadecimal + suffix, inverted: inverted)
  }
}

extension RecentMatch {
  func write(to line: inout RuleLine) {
    line.word("recent")
    if inverted { line.word("!") }
    if flags & 2 != 0 { line.option("--set") }
    if flags & 1 != 0 { line.option("--rcheck") }
    if flags & 4 != 0 { line.option("--update") }
    if flags & 8 != 0 { line.option("--remove") }
    // libxt_recent prints the two numbers as signed.
    if seconds != 0 { line.option("--seconds", String(Int32(bitPattern: seconds))) }
    if flags & 32 != 0 { line.option("--reap") }
    if hitCount != 0 { line.option("--hitcount", String(Int32(bitPattern: hitCount))) }
    if flags & 16 != 0 { line.option("--rttl") }
    line.option("--name")
    line.word(name.bytes)
    line.option("--mask", mask.numericText)
    line.option(isDestination ? "--rdest" : "--rsource")
  }
}

extension StatisticMatch {
  func write(to line: inout RuleLine) {
    line.option("statistic", "--mode")
    switch mode {
    case .random(let probability):
      line.word("random")
      line.option("--probability", Self.text(of: probability), inverted: inverted)
    case .nth(let every, let packet):
      line.word("nth")
      line.option("--every", String(every), inverted: inverted)
      line.option("--packet", String(packet))
    }
  }

  /// The probability with 11 decimals, rounded from the exact value, to even where it lies between.
  private static func text(of probability: UInt32) -> String {
    // 10^11 / 2^31 is 5^11 / 2^20.
    let exact = UInt64(probability) * 48_828_125
    var decimals = exact >> 20
    let rest = exact & 0xf_ffff
    if rest > 0x8_0000 || rest == 0x8_0000 && decimals & 1 == 1 { decimals += 1 }
    let (whole, fraction) = decimals.quotientAndRemainder(dividingBy: 100_000_000_000)
    let digits = String(fraction)
    return "\(whole)." + String(repeating: "0", count: 11 - digits.count) + digits
  }
}
