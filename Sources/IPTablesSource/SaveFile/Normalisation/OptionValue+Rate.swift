extension OptionValue {
  /// A rate of packets: `3/hour`, whose unit may be given by its beginning, or not, as seconds.
  ///
  /// The kernel holds the mean time between packets, of which iptables-save prints the rate again.
  static let rate = word { word, _ in
    let parts = word.split("/", maxSplits: 1)
    let given = parts.count == 2 ? parts[1].text.lowercased() : "second"
    guard !given.isEmpty, let unit = units.first(where: { $0.name.hasPrefix(given) }),
      let rate = UInt32(asInC: parts[0].bytes), rate > 0, rate <= unit.length
    else { return nil }
    return text(ofInterval: unit.length / rate)
  }

  /// In the shortest unit of time that gives the rate better than a longer one.
  ///
  /// C counterpart: `print_rate` of libxt_limit.
  private static func text(ofInterval interval: UInt32) -> String {
    var unit = units[0]
    for shorter in units.dropFirst() {
      let (rate, rest) = shorter.length.quotientAndRemainder(dividingBy: interval)
      if interval > shorter.length || rate < rest { break }
      unit = shorter
    }
    return "\(unit.length / interval)/\(unit.written)"
  }

  /// In the kernel's units of 0.1 ms.
  private static let units: [(length: UInt32, name: String, written: String)] = [
    (864_000_000, "day", "day"), (36_000_000, "hour", "hour"), (600_000, "minute", "min"),
    (10_000, "second", "sec"),
  ]
}
