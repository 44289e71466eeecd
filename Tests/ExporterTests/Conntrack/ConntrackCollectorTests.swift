import Collectors
import Exposition
import FoundationEssentials
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("The collector conntrack")
struct ConntrackCollectorTests {
  private static let request = ScrapeRequest(scraper: "10.0.0.1", collect: ["conntrack"])

  private static func reading(_ conntrack: ConntrackReading?) -> RulesetReading {
    RulesetReading(families: [], conntrack: conntrack)
  }

  private static var statistics: ConntrackStatistics {
    var statistics = ConntrackStatistics(entries: 12, limit: 262_144)
    for (index, event) in ConntrackStatistics.Event.allCases.enumerated() {
      statistics[event] = UInt64(index) << 32
    }
    return statistics
  }

  @Test(
    "Exports the table's size, its limit and its counters", arguments: ExpositionFormat.allCases)
  func statistics(_ format: ExpositionFormat) async throws {
    let exporter = Exporter(readings: [Self.reading(.read(Self.statistics))])
    let metrics = try await exporter.metrics(ScrapeRequest(format: format, scraper: "10.0.0.1"))
    #expect(metrics["iptables_conntrack_readable"] == 1)
    #expect(metrics["iptables_conntrack_entries"] == 12)
    #expect(metrics["iptables_conntrack_entries_limit"] == 262_144)
    let events = [
      "found", "invalid", "insert", "insert_failed", "drop", "early_drop", "error",
      "search_restart", "clash_resolve", "chain_too_long",
    ]
    #expect(
      metrics.all("iptables_conntrack_events_total")
        == Dictionary(
          uniqueKeysWithValues: events.enumerated().map {
            (["event": $1], Double(UInt64($0) << 32))
          }))
    // Nobody has dumped the table.
    #expect(metrics.all("iptables_stale_connections").isEmpty)
  }

  @Test("A kernel that doesn't say the limit has none")
  func noLimit() async throws {
    let exporter = Exporter(readings: [Self.reading(.read(ConntrackStatistics(entries: 3)))])
    let metrics = try await exporter.metrics()
    #expect(metrics["iptables_conntrack_entries"] == 3)
    #expect(metrics.all("iptables_conntrack_entries_limit").isEmpty)
  }

  @Test(
    "Says whether it can be read, and fails only where reading does",
    arguments: [
      (.absent, 0, 1), (.unknown, 0, 1), (nil, nil, 1),
      (.failed(ReadingError(operation: .readConntrack, code: 1, cause: "refused")), nil, 0),
    ] as [(ConntrackReading?, Double?, Double)])
  func unreadable(
    _ conntrack: ConntrackReading?, _ readable: Double?, _ success: Double
  ) async throws {
    let exporter = try Exporter(readings: [
      RulesetReading(
        families: [FamilyReading(ArticleCreation.messiest.before())], conntrack: conntrack)
    ])
    let metrics = try await exporter.metrics()
    #expect(metrics["iptables_conntrack_readable"] == readable)
    #expect(
      metrics.series.count { $0.name.hasPrefix("iptables_conntrack") } == (readable == nil ? 0 : 1))
    #expect(metrics["iptables_scrape_collector_success", ["collector": "conntrack"]] == success)
    #expect(metrics["iptables_scrape_collector_success", ["collector": "tables"]] == 1)
  }

  @Test("Files have no connection table, so nothing is said of one")
  func files() async throws {
    let source = SaveFileSource(paths: [Fixture("legacy-1.28/d-12-multiport.rules").path])
    let bytes = try await Exporter(source).bytes(ScrapeRequest(scraper: "10.0.0.1"))
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(!text.contains("iptables_conntrack_") && !text.contains("stale_connections"))
    #expect(text.contains(#"iptables_scrape_collector_success{collector="conntrack"} 1"#))
  }

  @Test("That it isn't read is logged once, with the reason, and so is that it works again")
  func log() async throws {
    let error = ReadingError(operation: .readConntrack, cause: "refused")
    let steps: [ConntrackReading] = [
      .absent, .absent, .read(Self.statistics), .unknown, .unknown, .failed(error), .failed(error),
      .read(Self.statistics), .read(Self.statistics),
    ]
    let log = LogRecord()
    let exporter = Exporter(readings: steps.map(Self.reading), log)
    for _ in steps { _ = try await exporter.metrics(Self.request) }
    #expect(
      log.messages.filter { $0.contains("conntrack") || $0.contains("connection tracking") } == [
        "info: connection tracking is not read reason=the kernel has not loaded nf_conntrack_netlink",
        "info: reading connection tracking works again",
        "info: connection tracking is not read "
          + "reason=the kernel does not show whether it has loaded nf_conntrack_netlink",
        "error: reading connection tracking failed error=cannot read connection tracking: refused",
        "info: reading connection tracking works again",
      ])
  }
}
