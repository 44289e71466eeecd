import Collectors
import Exposition
import IPTablesSource
import TestSupport
import Testing

@Suite("Transactions of nf_tables")
struct TransactionTests {
  private static let hostile = [
    "iptables-nft-re", "kube-proxy", "other", "", " ", #"a"b"#, #"a\b"#, "a\nb 1", "\u{1b}[2J",
    "a\u{fffd}", #"} 1"#,
  ]

  @Test("Are counted by process, whatever it is called", arguments: ExpositionFormat.allCases)
  func processes(_ format: ExpositionFormat) async throws {
    let counts = Dictionary(uniqueKeysWithValues: zip(Self.hostile, 1...))
    let reading = RulesetReading(
      families: [],
      transactions: TransactionCounts(byProcess: counts.mapValues(UInt64.init), overruns: 7))
    let metrics = try await Exporter(readings: [reading]).metrics(
      ScrapeRequest(format: format, scraper: "10.0.0.1"))
    #expect(
      metrics.all("iptables_nft_transactions_total")
        == Dictionary(uniqueKeysWithValues: counts.map { (["process": $0], Double($1)) }))
    #expect(metrics["iptables_nft_event_overruns_total"] == 7)
  }

  @Test("Have no series where nobody listens, and none of a process where none came")
  func none() async throws {
    let silent = try await Exporter(readings: [RulesetReading(families: [])]).metrics()
    #expect(silent.all("iptables_nft_transactions_total").isEmpty)
    #expect(silent.all("iptables_nft_event_overruns_total").isEmpty)
    let listening = try await Exporter(
      readings: [RulesetReading(families: [], transactions: TransactionCounts())]
    ).metrics()
    #expect(listening.all("iptables_nft_transactions_total").isEmpty)
    #expect(listening["iptables_nft_event_overruns_total"] == 0)
  }
}
