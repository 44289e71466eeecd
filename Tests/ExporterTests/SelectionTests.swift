import Collectors
import IPTablesSource
import Platform
import TestSupport
import Testing
import Tracking

@Suite("Which service ports have series")
struct SelectionTests {
  private static let fixture = Fixture("legacy-1.28/d-12-multiport.rules")

  struct Selection: CustomTestStringConvertible {
    var include: String?
    var exclude: String?
    let services: Set<String>

    var testDescription: String { "include \(include ?? "all"), exclude \(exclude ?? "none")" }
  }

  private static let dns: Set = [
    "kube-system/kube-dns:dns UDP", "kube-system/kube-dns:dns-tcp TCP",
    "kube-system/kube-dns:metrics TCP",
  ]
  private static let sctp: Set = ["web/sctp:sig SCTP", "web/sctp-np SCTP"]

  static let patterns = [
    Selection(include: "^kube-system/", services: dns),
    Selection(include: "kube-dns|sctp", services: dns.union(sctp)),
    Selection(include: "kube-dns|sctp", exclude: "^web/", services: dns),
    Selection(include: "^web/sctp$", services: ["web/sctp:sig SCTP"]),
    Selection(include: "dns:metrics", services: []),
    Selection(exclude: "^web/", services: dns.union(["default/kubernetes:https TCP"])),
    Selection(exclude: "", services: []),
  ]

  @Test("Patterns choose by namespace and name", arguments: patterns)
  func pattern(_ selection: Selection) async throws {
    let metrics = try await scrape(
      ServiceSelection(
        include: try selection.include.map(RegularExpression.init),
        exclude: try selection.exclude.map(RegularExpression.init)))
    #expect(metrics.services() == selection.services)
    try await expectTotals(
      metrics, omitted: ["pattern": Self.count - selection.services.count, "limit": 0])
  }

  @Test("A limit keeps those with the most rules", arguments: [0, 1, 5, 12, 21, 22, 1_000])
  func limit(_ limit: Int) async throws {
    let metrics = try await scrape(ServiceSelection(limit: limit))
    let account = TextAccount(try Self.fixture.bytes())
    let rules = account.natRules.merging(account.filterRules, uniquingKeysWith: +)
    let kept = metrics.services()
    #expect(kept.count == min(limit, Self.count))
    let least = kept.map { rules[$0, default: 0] }.min() ?? .max
    let most = rules.filter { !kept.contains($0.key) }.values.max() ?? 0
    #expect(least >= most)
    try await expectTotals(
      metrics, omitted: ["pattern": 0, "limit": max(0, Self.count - limit)])
  }

  @Test("A limit counts what the patterns leave")
  func limitAndPattern() async throws {
    let metrics = try await scrape(
      ServiceSelection(include: try RegularExpression("^kube-system/"), limit: 2))
    #expect(metrics.services().count == 2)
    #expect(metrics.services().isSubset(of: Self.dns))
    try await expectTotals(metrics, omitted: ["pattern": Self.count - 3, "limit": 1])
  }

  @Test("What has no series is compared all the same")
  func churn() async throws {
    let creation = ArticleCreation.messiest
    let exporter = try Exporter(
      rulesets: [creation.before(), creation.after()],
      .plain(selection: ServiceSelection(include: try RegularExpression("kubernetes"))))
    _ = try await exporter.metrics()
    let metrics = try await exporter.metrics()
    #expect(
      metrics.nonzeroServices("rules_moved_since_last_scrape")
        == ["default/kubernetes:https TCP": 2])
    #expect(metrics.sum("iptables_rule_changes_total", where: ["change": "moved"]) == 4)
  }

  @Test(
    "A pattern that is no regular expression is refused", arguments: ["(", "[a", "*", "a{2,1}"])
  func badPattern(_ text: String) {
    #expect(throws: (any Error).self) { try RegularExpression(text) }
  }

  /// The service ports of the fixture that exist.
  private static let count = 22

  private func scrape(_ selection: ServiceSelection) async throws -> Scrape {
    let source = SaveFileSource(paths: [Self.fixture.path])
    return try await Exporter(source, .plain(selection: selection)).metrics()
  }

  /// Expects that the totals are those of all service ports.
  private func expectTotals(_ metrics: Scrape, omitted: [String: Int]) async throws {
    let all = try await scrape(ServiceSelection())
    #expect(all.services().count == Self.count)
    let omittedSeries = metrics.all("iptables_services_omitted")
    for (reason, count) in omitted {
      #expect(omittedSeries[["ip_family": "IPv4", "reason": reason]] == Double(count))
    }
    for name in ["iptables_rules", "iptables_chains", "iptables_services"] {
      #expect(metrics.all(name) == all.all(name))
    }
  }
}
