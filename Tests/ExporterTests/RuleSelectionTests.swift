import Collectors
import IPTablesSource
import Netfilter
import Platform
import TestSupport
import Testing
import Tracking

@Suite("Which rules have series")
struct RuleSelectionTests {
  struct Choice: CustomTestStringConvertible {
    let testDescription: String
    let selection: RuleSelection
    /// The rules with series, as `table chain packets`, and behind a slash the id.
    let rules: Set<String>
    var omittedByLimit = 0
  }

  private static let ruleset = RulesetText(
    nat: """
      [1:60] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
      [2:60] -A KUBE-SERVICES -m comment --comment "shop/web cluster IP" -j RETURN
      """,
    filter: """
      [3:60] -A INPUT -m comment --comment "iptables-exporter ssh traffic" -j ACCEPT
      [4:60] -A INPUT -m comment --comment "first" -m comment --comment "iptables-exporter dns" -j ACCEPT
      [5:60] -A INPUT -j DROP
      [6:60] -A KUBE-FORWARD -j ACCEPT
      """)

  private static func pattern(_ text: String) -> RegularExpression? {
    try? RegularExpression(text)
  }

  private static let all: Set = [
    "nat PREROUTING 1", "nat KUBE-SERVICES 2", "filter INPUT 3", "filter INPUT 4",
    "filter INPUT 5", "filter KUBE-FORWARD 6",
  ]

  static let choices = [
    Choice(testDescription: "all", selection: RuleSelection(), rules: all),
    Choice(
      testDescription: "by comment, any of a rule's",
      selection: RuleSelection(comment: pattern("^iptables-exporter ")),
      rules: ["filter INPUT 3", "filter INPUT 4"]),
    Choice(
      testDescription: "by comment, with an id",
      selection: RuleSelection(comment: pattern("^iptables-exporter (.*)$")),
      rules: ["filter INPUT 3/ssh traffic", "filter INPUT 4/dns"]),
    Choice(
      testDescription: "by comment, with a group that takes part or doesn't",
      selection: RuleSelection(comment: pattern("iptables-exporter (ssh)?")),
      rules: ["filter INPUT 3/ssh", "filter INPUT 4/"]),
    Choice(
      testDescription: "by table", selection: RuleSelection(tables: [.nat]),
      rules: ["nat PREROUTING 1", "nat KUBE-SERVICES 2"]),
    Choice(
      testDescription: "by chain", selection: RuleSelection(chain: pattern("^KUBE-")),
      rules: ["nat KUBE-SERVICES 2", "filter KUBE-FORWARD 6"]),
    Choice(
      testDescription: "by all of these",
      selection: RuleSelection(
        comment: pattern("k"), tables: [.nat], chain: pattern("ROUTING"), limit: 1),
      rules: ["nat PREROUTING 1"]),
    Choice(
      testDescription: "limited", selection: RuleSelection(tables: [.filter], limit: 2),
      rules: ["filter INPUT 3", "filter INPUT 4"], omittedByLimit: 2),
    Choice(
      testDescription: "limited to none", selection: RuleSelection(limit: 0), rules: [],
      omittedByLimit: 6),
    Choice(
      testDescription: "limited to more than there are", selection: RuleSelection(limit: 7),
      rules: all),
  ]

  @Test("Those that are chosen; the others are counted", arguments: choices)
  func choice(_ choice: Choice) async throws {
    let exporter = try Exporter(
      rulesets: [Self.ruleset], .plain(collectors: [.rules], rules: choice.selection))
    // At the second scrape nothing is new.
    for _ in 1...2 {
      let metrics = try await exporter.metrics()
      let found = metrics.all("iptables_rule_packets_total").map { series, value in
        let place = "\(series["table"] ?? "") \(series["chain"] ?? "") \(Int(value))"
        return series["id"].map { "\(place)/\($0)" } ?? place
      }
      #expect(Set(found) == choice.rules)
      #expect(found.count == choice.rules.count)
      #expect(metrics.rulesOmitted("limit") == Double(choice.omittedByLimit))
      let omitted = Self.all.count - choice.rules.count - choice.omittedByLimit
      #expect(metrics.rulesOmitted("pattern") == Double(omitted))
    }
  }

  @Test("A series stays while its rule does, whatever comes before it")
  func limit() async throws {
    let states: [([String], Set<String>)] = [
      (["a", "b", "c"], ["a", "b"]), (["x", "c", "b", "a"], ["a", "b"]),
      (["x", "c", "b"], ["x", "b"]), (["c", "y", "a"], ["c", "y"]), (["y"], ["y"]),
      (["a", "y", "b"], ["a", "y"]), (["a", "a", "y", "b"], ["a", "y"]),
    ]
    let exporter = try Exporter(
      rulesets: states.map { chains, _ in
        RulesetText(filter: chains.map { "[1:60] -A INPUT -j \($0)" }.joined(separator: "\n"))
      }, .plain(collectors: [.rules], rules: RuleSelection(limit: 2)))
    for (chains, expected) in states {
      let metrics = try await exporter.metrics()
      #expect(Set(metrics.rulePackets("INPUT").keys) == Set(expected.map { "-j \($0)" }))
      let covered = chains.count { expected.contains($0) }
      #expect(metrics.rulesOmitted("limit") == Double(chains.count - covered))
    }
  }

  @Test("The limit is each family's own")
  func families() async throws {
    let readings = [IPFamily.ipv4, .ipv6].map { family in
      RulesetText(family, filter: "-A INPUT -j ACCEPT\n-A INPUT -j DROP")
    }
    let exporter = Exporter(
      steps: [try readings.map { try FamilyReading($0) }],
      .plain(collectors: [.rules], rules: RuleSelection(limit: 1)))
    let families = try await exporter.metrics().all("iptables_rule_packets_total").keys
    #expect(families.compactMap { $0["ip_family"] }.sorted() == ["IPv4", "IPv6"])
  }
}
