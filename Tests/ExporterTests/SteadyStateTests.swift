import Collectors
import Exposition
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Rules that don't change")
struct SteadyStateTests {
  @Test(
    "Show no churn under traffic",
    arguments: ["legacy-1.21", "legacy-1.28", "legacy-1.30", "nft-1.28"])
  func traffic(_ folder: String) async throws {
    let quiet = try Fixture(folder + "/a-01-baseline.rules").snapshot()
    let busy = try Fixture(folder + "/a-02-baseline-traffic.rules").snapshot()
    #expect(quiet.table(.nat)?.counters != busy.table(.nat)?.counters)
    let exporter = Exporter(
      steps: [quiet, busy, quiet, busy].map { [FamilyReading($0)] })
    for _ in 1...6 {
      let metrics = try await exporter.metrics()
      #expect(metrics.sum("iptables_rule_changes_total") == 0)
      #expect(metrics.sum("iptables_rule_changes_since_last_scrape") == 0)
      #expect(metrics.sum("iptables_service_rule_changes_total") == 0)
      #expect(metrics.sum("iptables_chain_changes_total") == 0)
      #expect(metrics.all("iptables_table_last_change_timestamp_seconds").isEmpty)
    }
  }

  @Test("Give the same exposition but for the time it took", arguments: ExpositionFormat.allCases)
  func sameOrder(_ format: ExpositionFormat) async throws {
    let fixture = Fixture("legacy-1.28/d-12-multiport.rules")
    let exporters = [
      Exporter(SaveFileSource(paths: [fixture.path])),
      Exporter(SaveFileSource(paths: [fixture.path])),
    ]
    var expositions: [[String]] = []
    for exporter in exporters + exporters {
      let bytes = try await exporter.bytes(ScrapeRequest(format: format, scraper: "10.0.0.1"))
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
      expositions.append(lines.filter { !Self.isVolatile($0) })
    }
    #expect(expositions.allSatisfy { $0 == expositions[0] })
    #expect(expositions[0].count > 300)
  }

  private static func isVolatile(_ line: String) -> Bool {
    !line.hasPrefix("#") && (line.contains("_duration_seconds") || line.contains("_readings_total"))
  }

  @Test("Hold what both formats say alike")
  func bothFormats() async throws {
    let fixture = Fixture("legacy-1.28/d-12-multiport.rules")
    let exporter = Exporter(SaveFileSource(paths: [fixture.path]))
    let text = try await exporter.metrics(ScrapeRequest(format: .text, scraper: "a"))
    let open = try await exporter.metrics(ScrapeRequest(format: .openMetrics, scraper: "b"))
    #expect(text.series == open.series)
    for series in text.series where !Self.isVolatile(series.name) {
      #expect(text.values[series] == open.values[series], "\(series)")
    }
    for (family, type) in open.types {
      switch type {
      case "counter": #expect(text.types[family + "_total"] == type)
      case "info": #expect(text.types[family + "_info"] == "gauge")
      default: #expect(text.types[family] == type)
      }
    }
  }
}
