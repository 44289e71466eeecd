import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// A replaced table begins with counters that are 0, and gets the old ones added afterwards.
@Suite("A table that is replaced while it is read", .liveKernel)
struct TableReplacementTests {
  @Test("Counts no connection twice, and no rule as written again")
  func counters() async throws {
    let readings = try withNetworkNamespace {
      let fixture = try Fixture("legacy-1.28/a-02-baseline-traffic.rules").bytes()
      try Command.run("iptables-legacy-restore", "-c", "-w", "60", input: fixture)
      try Command.run("bash", "-c", "\(Self.replacements) > /dev/null 2>&1 &")
      let source = LegacySource(tables: [.nat], families: [.ipv4])
      return (1...2_000).map { _ in source.read() }
    }
    let exporter = Exporter(steps: readings)
    let first = try await exporter.metrics()
    for _ in readings.dropFirst(2) {
      _ = try await exporter.scrape(ScrapeRequest(scraper: "10.0.0.1", collect: ["connections"]))
    }
    let last = try await exporter.metrics()
    #expect(first.sum("iptables_service_connections_total") > 0)
    #expect(
      last.sum("iptables_service_connections_total")
        == first.sum("iptables_service_connections_total"))
    #expect(last.sum("iptables_rules_rewritten_total") == 0)
    #expect(last.sum("iptables_rule_changes_total") > 0)
  }

  /// Each replaces the whole table, and lets its rules keep their counters.
  private static let replacements = """
    for number in {1..300}; do
      for change in -A -D; do iptables-legacy -w 60 -t nat $change POSTROUTING -j RETURN; done
    done
    """
}
