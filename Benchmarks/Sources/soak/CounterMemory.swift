internal import ScrapeChecks

/// What a scraper's counters said at its last scrape.
struct CounterMemory {
  /// The kernel's own counters of built-in chains' policies, which a restore sets to 0.
  private static let restarting = "iptables_chain_policy_"

  private var last: [Int: Double] = [:]

  /// Remembers a page's counters.
  ///
  /// - Returns: those that have fallen, in words.
  mutating func update(_ page: Exposition) -> [String] {
    var fallen: [String] = []
    var current: [Int: Double] = [:]
    current.reserveCapacity(last.count)
    for sample in page.samples where sample.kind == .counter {
      current[sample.identity] = sample.value
      if let before = last[sample.identity], sample.value < before {
        let series = page.series(sample)
        if !series.hasPrefix(Self.restarting) {
          fallen.append("\(series) fell from \(before) to \(sample.value)")
        }
      }
    }
    last = current
    return fallen
  }
}
