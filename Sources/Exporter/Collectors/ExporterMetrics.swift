internal import Exposition

/// How the scrape went, and who served it.
struct ExporterMetrics {
  let build: BuildInformation
  let exportsProcess: Bool

  /// What a collector's part of a scrape came to.
  struct Outcome {
    let collector: CollectorName
    let isSuccess: Bool
    /// In seconds.
    let duration: Double
  }

  func write(_ outcomes: [Outcome], to writer: inout ExpositionWriter) {
    writer.write(Self.duration) { samples in
      for outcome in outcomes {
        samples.sample(
          LabelSet(["collector": outcome.collector.rawValue]), outcome.duration)
      }
    }
    writer.write(Self.success) { samples in
      for outcome in outcomes {
        samples.sample(
          LabelSet(["collector": outcome.collector.rawValue]), outcome.isSuccess ? 1 : 0)
      }
    }
    writer.write(Self.buildInformation) { samples in
      samples.sample(
        LabelSet([
          "version": build.version, "revision": build.revision,
          "swiftversion": build.swiftVersion,
        ]), 1)
    }
    if exportsProcess { ProcessMetrics().write(to: &writer) }
  }

  private static let duration = MetricFamily(
    "iptables_scrape_collector_duration_seconds", .gauge,
    "How long the collector's part of the scrape took; the reading itself is in "
      + "iptables_reading_duration_seconds.")

  private static let success = MetricFamily(
    "iptables_scrape_collector_success", .gauge, "1 where the collector had all it needed.")

  private static let buildInformation = MetricFamily(
    "iptables_exporter_build_info", .gauge, "Always 1; the labels tell what this binary is.")
}
