import Exposition
import Testing

/// An exposition's families in their order, to be compared with another's. It is read by lines, for
/// there are many and large ones.
struct ExpositionOutline {
  struct Family {
    let name: String
    /// The lines `# HELP` and `# TYPE`.
    var metadata: [ArraySlice<UInt8>] = []
    /// The lines of the samples.
    var samples: [ArraySlice<UInt8>] = []

    /// Whether it is no counter; an info is a gauge, too.
    var isGauge: Bool {
      metadata.contains { $0.text.hasSuffix(" gauge") || $0.text.hasSuffix(" info") }
    }

    /// The samples without their values.
    var series: [ArraySlice<UInt8>] {
      samples.map { line in line[..<(line.lastIndex(of: 0x20) ?? line.endIndex)] }
    }
  }

  private(set) var families: [Family] = []

  init(_ segments: [[UInt8]]) {
    for line in segments.concatenated.split(separator: UInt8(ascii: "\n")) {
      if line.first == UInt8(ascii: "#") {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3)
        let name = words.count > 2 ? words[2].text : "the end"
        if families.last?.name != name { families.append(Family(name: name)) }
        families[families.count - 1].metadata.append(line)
      } else {
        if families.isEmpty { families.append(Family(name: "no family")) }
        families[families.count - 1].samples.append(line)
      }
    }
  }

  /// Expects the exposition of an exporter that saw a history to be that of a new one, but for what
  /// counters have counted since the start.
  static func expectSame(
    warm: [[UInt8]], cold: [[UInt8]], _ place: String,
    at location: SourceLocation = #_sourceLocation
  ) {
    let warm = ExpositionOutline(warm).families
    let cold = ExpositionOutline(cold).families
    let names = warm.map(\.name)
    #expect(Set(names).count == names.count, "\(place): each once", sourceLocation: location)
    let coldNames = Set(cold.map(\.name))
    #expect(
      names.filter { coldNames.contains($0) || !remembered.contains($0) } == cold.map(\.name),
      "\(place): the same families", sourceLocation: location)
    for (warm, cold) in zip(warm.filter { coldNames.contains($0.name) }, cold) {
      guard let fault = fault(of: warm, cold) else { continue }
      Issue.record("\(place): \(warm.name): \(fault)", sourceLocation: location)
    }
  }

  /// What is wrong with a family; nil for nothing.
  private static func fault(of warm: Family, _ cold: Family) -> String? {
    if warm.metadata != cold.metadata { return "other metadata" }
    let series = warm.series
    if Set(series.map(\.fingerprint)).count != series.count { return "a series twice" }
    if warm.isGauge, !remembered.contains(warm.name), !timed.contains(warm.name) {
      if warm.samples == cold.samples { return nil }
      let difference = zip(warm.samples, cold.samples).first { $0 != $1 }
      return difference.map { "\($0.text), not \($1.text)" }
        ?? "\(series.count) series, not \(cold.samples.count)"
    }
    if series == cold.series { return nil }
    let (all, others) = (Set(series.map(\.text)), Set(cold.series.map(\.text)))
    if remembered.contains(warm.name) {
      return others.subtracting(all).first.map { "without \($0)" }
    }
    return all.symmetricDifference(others).first.map { "\($0) in one of them" }
  }

  /// What has series of tables and kinds of chains that are gone, too.
  private static let remembered: Set<String> = Set(
    [
      "iptables_rule_changes", "iptables_rules_rewritten", "iptables_chain_changes",
      "iptables_nft_transactions",
    ].flatMap { [$0, $0 + "_total"] } + [
      "iptables_rule_changes_since_last_scrape", "iptables_table_last_change_timestamp_seconds",
    ])

  /// Gauges that tell of times, or of a scraper's last scrape.
  private static let timed: Set<String> = [
    "iptables_reading_duration_seconds", "iptables_anomaly_age_seconds",
    "iptables_anomaly_since_timestamp_seconds",
    "iptables_service_rules_moved_since_last_scrape", "iptables_scrape_collector_duration_seconds",
  ]
}

extension ArraySlice<UInt8> {
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }

  /// Tells lines apart faster than the lines do themselves.
  fileprivate var fingerprint: Int {
    unsafe withUnsafeBytes { bytes in
      var hasher = Hasher()
      unsafe hasher.combine(bytes: bytes)
      return hasher.finalize()
    }
  }
}
