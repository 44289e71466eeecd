internal import Harness
internal import RulesetGenerator

/// The comparison with the kernel's own time to hand a legacy table over, at one size.
struct LegacyBenchmark {
  private static let warmUps = 2
  private static let flags = ["--backend", "legacy", "--watch-interval", "0"]

  let size: RulesetSize
  let rounds: Int
  let seed: UInt64
  let exporter: String?
  let path: String

  func run(_ report: inout Report) throws {
    var ruleset = try KernelRuleset(
      .legacy, size: size, seed: seed, otherState: { $0.scaledUp($1) })
    let table = try KernelTable()
    let walk = try LibiptcWalk()
    report.heading(
      "legacy, \(size.services) services x \(size.endpoints) endpoints: \(walk.rules) rules in "
        + "\(walk.chains) chains, \((Double(try table.size()) / 1e6).rounded(toPlaces: 1)) MB of nat"
    )
    var measurement = LegacyMeasurement()
    guard let exporter else {
      for round in 0..<rounds + Self.warmUps {
        if round == Self.warmUps { measurement.removeAll() }
        try measurement.measureReaders(table)
      }
      return show(measurement, in: &report)
    }
    try compare(&measurement, exporter, table, &ruleset, &report)
    try measure(
      exporter, "with the default tables", flags: [], against: measurement, &report,
      limit: size.peakMemoryLimit)
    try measure(
      exporter, "with every rule", flags: ["--collector.rules"], against: measurement, &report)
  }

  /// Takes turns between all readers; the exporter reads what they read, nat alone.
  private func compare(
    _ measurement: inout LegacyMeasurement, _ exporter: String, _ table: borrowing KernelTable,
    _ ruleset: inout KernelRuleset, _ report: inout Report
  ) throws {
    let process = try ExporterProcess(exporter, arguments: Self.flags + ["--tables", "nat"])
    var client = try process.connect()
    var first = Samples()
    let response = try first.time { try client.get(path) }
    for round in 0..<rounds + Self.warmUps {
      if round == Self.warmUps { measurement.removeAll() }
      try measurement.measureReaders(table)
      try measurement.measureScrapes(&client, of: &ruleset, path: path)
    }
    show(measurement, in: &report)
    report.line("first scrape (ms)", value: first.median)
    report.line("size of a scrape", value: Double(response.wireSize) / 1e6, unit: " MB")
    report.line(
      "peak memory", value: Double(try process.peakMemory()) / 1e6, unit: " MB",
      limit: size.peakMemoryLimit)
    process.terminate()
  }

  /// Measures an exporter that reads all its default tables, for information.
  private func measure(
    _ exporter: String, _ label: String, flags: [String], against measurement: LegacyMeasurement,
    _ report: inout Report, limit: Double? = nil
  ) throws {
    let process = try ExporterProcess(exporter, arguments: Self.flags + flags)
    var client = try process.connect()
    var scrape = Samples()
    var wireSize = 0
    for round in 0..<rounds + Self.warmUps {
      if round == Self.warmUps { scrape.removeAll() }
      wireSize = try scrape.time { try client.get(path) }.wireSize
    }
    show("scrape \(label)", scrape, against: measurement, in: &report)
    report.line("size of a scrape \(label)", value: Double(wireSize) / 1e6, unit: " MB")
    report.line(
      "peak memory \(label)", value: Double(try process.peakMemory()) / 1e6, unit: " MB",
      limit: limit)
    process.terminate()
  }

  private func show(_ measurement: LegacyMeasurement, in report: inout Report) {
    let isLimited = size == .large
    report.columns("median ms", "least ms", "ratio")
    show("(a) bare getsockopt", measurement.bareRead, against: measurement, in: &report)
    show("(b) libiptc", measurement.libiptc, against: measurement, in: &report)
    show("(c) iptables-legacy-save -c", measurement.save, against: measurement, in: &report)
    guard exporter != nil else { return }
    let unchanged = measurement.unchanged.median / measurement.bareRead.median
    show(
      "(d) scrape, nothing changed", measurement.unchanged, against: measurement, in: &report,
      limit: isLimited ? 2.2 : nil)
    show(
      "(e) scrape, one service changed", measurement.changed, against: measurement, in: &report,
      limit: isLimited ? 2.4 : nil)
    show(
      "(f) scrape, gzip: at most 0.6 above (d)", measurement.compressed, against: measurement,
      in: &report, limit: isLimited ? unchanged + 0.6 : nil)
  }

  private func show(
    _ label: String, _ samples: Samples, against measurement: LegacyMeasurement,
    in report: inout Report, limit: Double? = nil
  ) {
    report.line(
      label, [samples.median.rounded(toPlaces: 2), samples.minimum.rounded(toPlaces: 2)],
      value: samples.median / measurement.bareRead.median, limit: limit)
  }
}
