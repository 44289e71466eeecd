internal import Harness
internal import RulesetGenerator

/// The comparison with `iptables-nft-save -c -t nat` at one size.
struct NFTBenchmark {
  private static let warmUps = 2
  private static let flags = ["--backend", "auto", "--watch-interval", "0"]

  let size: RulesetSize
  let rounds: Int
  let seed: UInt64
  let exporter: String?
  let path: String

  private var isLimited: Bool { size == .large }

  func run(_ report: inout Report) throws {
    var ruleset = try KernelRuleset(
      .nft, size: size, seed: seed, otherState: { $0.replacingEndpoint($1) })
    report.heading(
      "nft, \(size.services) services x \(size.endpoints) endpoints: \(ruleset.totals.rules) rules "
        + "in \(ruleset.totals.chains) chains of nat")
    guard let exporter else {
      var measurement = NFTMeasurement()
      try inRounds {
        if $0 == Self.warmUps { measurement.removeAll() }
        try measurement.measureSave()
      }
      report.columns("median ms", "least ms", "ratio")
      return show("(a) iptables-nft-save -c -t nat", measurement.save, measurement, in: &report)
    }
    try measureConnections(exporter, &ruleset, &report)
    try measureWithoutConnections(exporter, &ruleset, &report)
    try measureEveryRule(exporter, &ruleset, &report)
  }

  /// Measures an exporter as it is without further flags, and one that was just started.
  private func measureConnections(
    _ exporter: String, _ ruleset: inout KernelRuleset, _ report: inout Report
  ) throws {
    let process = try ExporterProcess(exporter, arguments: Self.flags)
    var client = try process.connect()
    var measurement = NFTMeasurement()
    var cold = ColdMeasurement()
    var size = 0
    try inRounds {
      if $0 == Self.warmUps {
        measurement.removeAll()
        cold.removeAll()
      }
      try measurement.measureSave()
      size = try cold.measure(
        exporter, flags: Self.flags, besides: process.port, path: path, services: ruleset.services)
      try measurement.measureScrapes(&client, of: &ruleset, path: path)
    }
    report.columns("median ms", "least ms", "ratio")
    show("(a) iptables-nft-save -c -t nat", measurement.save, measurement, in: &report)
    show("(b) first scrape", cold.firstScrape, measurement, in: &report, limit: 0.6)
    show("(c) `metrics`, the whole process", cold.process, measurement, in: &report)
    show(
      "(d) scrape, one service changed", measurement.serviceChanged, measurement, in: &report,
      limit: 0.4)
    show(
      "(e) scrape, KUBE-SERVICES written again as well", measurement.syncChanged, measurement,
      in: &report, limit: 0.4)
    show("(f) scrape, nothing changed", measurement.unchanged, measurement, in: &report)
    report.line("size of a scrape", value: Double(size) / 1e6, unit: " MB")
    report.line(
      "peak memory", value: Double(try process.peakMemory()) / 1e6, unit: " MB",
      limit: isLimited ? 150 : nil)
    process.terminate()
  }

  private func measureWithoutConnections(
    _ exporter: String, _ ruleset: inout KernelRuleset, _ report: inout Report
  ) throws {
    let (measurement, peakMemory, _) = try measure(
      exporter, flags: ["--no-collector.connections"], &ruleset)
    report.columns("median ms", "least ms", "ratio")
    show("(a) again", measurement.save, measurement, in: &report)
    show(
      "(g) as (d), without connections", measurement.serviceChanged, measurement, in: &report,
      limit: 0.05)
    show("(h) as (e), without connections", measurement.syncChanged, measurement, in: &report)
    show("(i) as (f), without connections", measurement.unchanged, measurement, in: &report)
    report.line(
      "peak memory without connections", value: Double(peakMemory) / 1e6, unit: " MB",
      limit: isLimited ? 150 : nil)
  }

  /// Measures an exporter that has series for every rule, for information.
  private func measureEveryRule(
    _ exporter: String, _ ruleset: inout KernelRuleset, _ report: inout Report
  ) throws {
    let (measurement, peakMemory, size) = try measure(
      exporter, flags: ["--collector.rules"], &ruleset)
    report.columns("median ms", "least ms", "ratio")
    show("(a) again", measurement.save, measurement, in: &report)
    show("(j) as (d), with every rule", measurement.serviceChanged, measurement, in: &report)
    show("(k) as (f), with every rule", measurement.unchanged, measurement, in: &report)
    report.line("size of a scrape with every rule", value: Double(size) / 1e6, unit: " MB")
    report.line("peak memory with every rule", value: Double(peakMemory) / 1e6, unit: " MB")
  }

  /// Takes turns between iptables-nft-save and an exporter.
  ///
  /// - Returns: the samples, and in bytes the exporter's peak memory and a scrape's size.
  private func measure(
    _ exporter: String, flags: [String], _ ruleset: inout KernelRuleset
  ) throws -> (NFTMeasurement, peakMemory: Int, size: Int) {
    let process = try ExporterProcess(exporter, arguments: Self.flags + flags)
    var client = try process.connect()
    var measurement = NFTMeasurement()
    try inRounds {
      if $0 == Self.warmUps { measurement.removeAll() }
      try measurement.measureSave()
      try measurement.measureScrapes(&client, of: &ruleset, path: path)
    }
    let (peakMemory, size) = (try process.peakMemory(), try client.get(path).wireSize)
    process.terminate()
    return (measurement, peakMemory, size)
  }

  private func inRounds(_ body: (Int) throws -> Void) rethrows {
    for round in 0..<rounds + Self.warmUps {
      try body(round)
    }
  }

  private func show(
    _ label: String, _ samples: Samples, _ measurement: NFTMeasurement, in report: inout Report,
    limit: Double? = nil
  ) {
    report.line(
      label, [samples.median.rounded(toPlaces: 2), samples.minimum.rounded(toPlaces: 2)],
      value: samples.median / measurement.save.median, limit: isLimited ? limit : nil)
  }
}
