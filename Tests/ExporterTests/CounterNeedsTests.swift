import Collectors
import IPTablesSource
import TestSupport
import Testing

@Suite("The counters that a scrape asks the source for")
struct CounterNeedsTests {
  struct Need: CustomTestStringConvertible {
    var on = Collector.byDefault
    var collect: [String] = []
    var exclude: [String] = []
    let counters: CounterSelection

    var testDescription: String { "\(on.map(\.name).sorted()), \(collect), \(exclude)" }
  }

  static let needs = [
    Need(counters: [.policies, .connections, .accounts, .conntrack]),
    Need(on: Set(Collector.allCases), counters: .all),
    Need(on: [.nfacct], counters: .accounts),
    Need(collect: ["nfacct"], counters: .accounts),
    Need(on: [.conntrack], counters: .conntrack),
    Need(collect: ["conntrack"], counters: .conntrack),
    Need(on: [.rules], counters: .rules),
    Need(on: [.endpoints], counters: .connections),
    Need(on: [.rules, .connections], collect: ["connections"], counters: .connections),
    Need(on: [.rules, .connections], collect: ["rules"], counters: .rules),
    Need(collect: ["connections"], counters: .connections),
    Need(collect: ["services"], counters: []),
    Need(collect: ["tables"], counters: .policies),
    Need(collect: ["services", "tables"], counters: .policies),
    Need(exclude: ["tables"], counters: [.connections, .accounts, .conntrack]),
    Need(exclude: ["connections"], counters: [.policies, .accounts, .conntrack]),
    Need(on: [.services, .tables], counters: .policies),
    Need(on: [.services], counters: []),
    Need(on: [], counters: []),
  ]

  @Test("Are those of its collectors", arguments: needs)
  func need(_ need: Need) async throws {
    let record = SourceRecord()
    let steps = [[try FamilyReading(ArticleCreation.messiest.before())]]
    let exporter = Exporter(ScriptedSource(steps, record), .plain(collectors: need.on))
    for _ in 1...2 {
      _ = try await exporter.metrics(
        ScrapeRequest(scraper: "10.0.0.1", collect: need.collect, exclude: need.exclude))
    }
    #expect(record.asked == [need.counters, need.counters])
  }
}
