import Collectors
import IPTablesSource
import Platform
import TestSupport
import Testing
import Tracking

/// A tenant names services, and so may choose texts on which an operator's pattern doesn't end.
@Suite("Patterns that would not end", .timeLimit(.minutes(1)))
struct EndlessPatternTests {
  private static let endless = String(repeating: "a", count: 41)

  /// Rules of service ports `NAMESPACE/web`, which have no endpoints.
  private static func services(_ namespaces: [String]) -> RulesetText {
    RulesetText(
      filter: namespaces.enumerated().map { number, namespace in
        "-A KUBE-SERVICES -d 10.0.0.\(number)/32 -p tcp -m comment --comment "
          + "\"\(namespace)/web has no endpoints\" -m tcp --dport 80 -j REJECT"
      }.joined(separator: "\n"))
  }

  private static func success(_ metrics: Scrape, _ collector: String) -> Double? {
    metrics.all("iptables_scrape_collector_success").first {
      $0.key["collector"] == collector
    }?.value
  }

  @Test("A service's name costs its own series, and the collector says so")
  func service() async throws {
    let pattern = try RegularExpression("^([a-z]+-?)+/(web|dns)x?$")
    let log = LogRecord()
    let names = ["shop", Self.endless + "1", "bank"]
    let readings = try [names, names, ["shop", "bank"]].map {
      RulesetReading(families: [try FamilyReading(Self.services($0))])
    }
    let exporter = Exporter(
      source: ScriptedSource(readings),
      options: .plain(selection: ServiceSelection(include: pattern)), logger: log.logger)
    for success in [0.0, 0, 1] {
      let metrics = try await exporter.metrics()
      #expect(metrics.services() == ["shop/web TCP", "bank/web TCP"])
      #expect(Self.success(metrics, "services") == success)
      #expect(Self.success(metrics, "tables") == 1)
    }
    let warnings = log.messages.filter { $0.hasPrefix("warning: a pattern takes too long") }
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("'\(Self.endless)1/web'") ?? false)
  }

  @Test("A hundred of them take some readings, and each no more than its time")
  func services() async throws {
    let names = (0..<100).map { "\(Self.endless)-\($0)" } + ["shop"]
    let exporter = try Exporter(
      rulesets: [Self.services(names)],
      .plain(
        selection: ServiceSelection(
          include: try RegularExpression("^([a-z]+-?)+/web$|^shop/"))))
    var seen = false
    for _ in 1...40 where !seen {
      let start = ProcessorTime.ofThisProcess
      let metrics = try await exporter.metrics()
      #expect(ProcessorTime.ofThisProcess - start < .milliseconds(400))
      #expect(Self.success(metrics, "services") == 0)
      seen = metrics.services() == ["shop/web TCP"]
    }
    #expect(seen)
  }

  @Test("A rule's comment and a chain's name cost their own series", arguments: [true, false])
  func rules(_ isComment: Bool) async throws {
    let filter = """
      -A INPUT -m comment --comment "ssh" -j ACCEPT
      -A INPUT -m comment --comment "\(String(repeating: "x", count: 31))!" -j DROP
      -A \(String(repeating: "X", count: 27))! -j DROP
      """
    let pattern = try RegularExpression("^(\\w+\\s?)*$")
    let exporter = try Exporter(
      rulesets: [RulesetText(filter: filter)],
      .plain(
        collectors: [.rules, .tables],
        rules: RuleSelection(
          comment: isComment ? pattern : nil, chain: isComment ? nil : pattern)))
    for _ in 1...2 {
      let metrics = try await exporter.metrics()
      #expect(metrics.all("iptables_rule_packets_total").count == (isComment ? 1 : 2))
      #expect(metrics.rulesOmitted("pattern") == (isComment ? 2 : 1))
      #expect(Self.success(metrics, "rules") == 0)
      #expect(Self.success(metrics, "tables") == 1)
    }
  }
}
