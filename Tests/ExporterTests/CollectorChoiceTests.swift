import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Which collectors a scrape has")
struct CollectorChoiceTests {
  struct Choice: CustomTestStringConvertible {
    let testDescription: String
    var on = Collector.byDefault
    var collect: [String] = []
    var exclude: [String] = []
    let collectors: Set<String>
  }

  static let choices = [
    Choice(
      testDescription: "all",
      collectors: ["anomalies", "connections", "conntrack", "nfacct", "services", "tables"]),
    Choice(
      testDescription: "collect[]=anomalies", collect: ["anomalies"], collectors: ["anomalies"]),
    Choice(
      testDescription: "collect[]=connections", collect: ["connections"],
      collectors: ["connections"]),
    Choice(
      testDescription: "collect[]=conntrack", collect: ["conntrack"], collectors: ["conntrack"]),
    Choice(testDescription: "collect[]=nfacct", collect: ["nfacct"], collectors: ["nfacct"]),
    Choice(
      testDescription: "collect[]=services", collect: ["services"], collectors: ["services"]),
    Choice(testDescription: "collect[]=tables", collect: ["tables"], collectors: ["tables"]),
    Choice(
      testDescription: "collect[] of both, one twice", collect: ["tables", "services", "tables"],
      collectors: ["services", "tables"]),
    Choice(
      testDescription: "exclude[]=tables", exclude: ["tables"],
      collectors: ["anomalies", "connections", "conntrack", "nfacct", "services"]),
    Choice(
      testDescription: "those with series by the thousands", on: Set(Collector.allCases),
      collectors: Set(Collector.allCases.map(\.name))),
    Choice(
      testDescription: "collect[]=rules and endpoints", on: Set(Collector.allCases),
      collect: ["rules", "endpoints"], collectors: ["endpoints", "rules"]),
    Choice(
      testDescription: "exclude[]=connections", exclude: ["connections"],
      collectors: ["anomalies", "conntrack", "nfacct", "services", "tables"]),
    Choice(
      testDescription: "exclude[] of all",
      exclude: ["anomalies", "tables", "nfacct", "services", "connections", "conntrack"],
      collectors: []),
    Choice(testDescription: "tables switched off", on: [.services], collectors: ["services"]),
    Choice(
      testDescription: "excluded what is off", on: [.services], exclude: ["tables"],
      collectors: ["services"]),
    Choice(testDescription: "all switched off", on: [], collectors: []),
  ]

  @Test("Those that are on, or those that are asked for", arguments: choices)
  func choice(_ choice: Choice) async throws {
    let metrics = try await exporter(choice.on).metrics(
      ScrapeRequest(scraper: "10.0.0.1", collect: choice.collect, exclude: choice.exclude))
    let outcomes = metrics.all("iptables_scrape_collector_success")
    #expect(Set(outcomes.keys.compactMap { $0["collector"] }) == choice.collectors)
    #expect(outcomes.values.allSatisfy { $0 == 1 })
    #expect(
      metrics.all("iptables_scrape_collector_duration_seconds").count == choice.collectors.count)

    let names = Set(metrics.series.map(\.name))
    for (collector, name) in [
      ("anomalies", "iptables_anomalies"), ("anomalies", "iptables_anomaly_age_seconds"),
      ("connections", "iptables_service_connections_total"),
      ("endpoints", "iptables_endpoint_connections_total"),
      ("endpoints", "iptables_endpoint_share"),
      ("rules", "iptables_rule_packets_total"), ("rules", "iptables_rule_bytes_total"),
      ("rules", "iptables_rules_omitted"),
      ("services", "iptables_service_sep_chains"),
      ("services", "iptables_service_rules_rewritten_total"),
      ("services", "iptables_service_rules_moved_since_last_scrape"),
      ("tables", "iptables_rules"), ("tables", "iptables_rule_changes_since_last_scrape"),
      ("tables", "iptables_rules_rewritten_total"),
    ] {
      #expect(names.contains(name) == choice.collectors.contains(collector))
    }
    #expect(names.contains("iptables_up"))
    #expect(names.contains("iptables_exporter_build_info"))
  }

  static let refusals: [(collect: [String], exclude: [String], error: ScrapeError)] = [
    (["conntracks"], [], .unknownCollector("conntracks")),
    (["services", ""], [], .unknownCollector("")),
    ([], ["Tables"], .unknownCollector("Tables")),
    (["tables"], [], .disabledCollector("tables")),
    (["rules"], [], .disabledCollector("rules")),
    (["conntrack"], [], .disabledCollector("conntrack")),
    (["services", "connections"], [], .disabledCollector("connections")),
    (["services", "tables"], [], .disabledCollector("tables")),
    (["services"], ["tables"], .collectAndExclude),
  ]

  @Test("What can't be had is refused, in words", arguments: refusals)
  func refusal(_ collect: [String], _ exclude: [String], _ error: ScrapeError) async throws {
    let exporter = try exporter([.services])
    await #expect(throws: error) {
      try await exporter.scrape(
        ScrapeRequest(scraper: "10.0.0.1", collect: collect, exclude: exclude))
    }
    #expect(!error.description.isEmpty)
  }

  @Test("A scrape that was refused takes no churn, and reads nothing")
  func refusedScrape() async throws {
    let creation = ArticleCreation.messiest
    let exporter = try Exporter(rulesets: [creation.before(), creation.after()])
    _ = try await exporter.metrics()
    await #expect(throws: ScrapeError.unknownCollector("x")) {
      try await exporter.scrape(ScrapeRequest(scraper: "10.0.0.1", collect: ["x"]))
    }
    let metrics = try await exporter.metrics()
    #expect(metrics.nonzeroServices("rules_moved_since_last_scrape").count == 2)
    #expect(metrics["iptables_readings_total"] == 2)
  }

  @Test("The exporter's own process is exported where it is asked for", arguments: [true, false])
  func process(_ isExported: Bool) async throws {
    var options = ExporterOptions.plain()
    options.exportsProcess = isExported
    let metrics = try await Exporter(steps: [[]], options).metrics()
    let names = Set(metrics.series.map(\.name))
    let expected: Set = [
      "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
      "process_open_fds", "process_max_fds", "process_start_time_seconds",
    ]
    #expect(names.filter { $0.hasPrefix("process_") } == (isExported ? expected : []))
    #expect(
      metrics[
        "iptables_exporter_build_info",
        ["version": "1.2.3", "revision": "abc", "swiftversion": "6.3"]] == 1)
  }

  private func exporter(_ collectors: Set<Collector>) throws -> Exporter {
    try Exporter(
      rulesets: [ArticleCreation.messiest.before()], .plain(collectors: collectors))
  }
}
