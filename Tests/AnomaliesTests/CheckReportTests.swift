import Answers
import Console
import Foundation
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("The report of check")
struct CheckReportTests {
  private static let drop = "-A KUBE-FIREWALL -j DROP"
  private static let twice =
    "-A KUBE-FIREWALL -s 192.0.2.1/32 -j DROP\n-A KUBE-FIREWALL -s 192.0.2.1/32 -j DROP"

  @Test(
    "Exit status: 0 without faults or with info alone, 1 with others, 2 where rules could not be read",
    arguments: [
      ("", false, 0), (drop, false, 1), ("", true, 2), (drop, true, 2), (twice, false, 0),
      (drop + "\n" + twice, false, 1), (twice, true, 2),
    ])
  func exitStatus(_ filter: String, _ fails: Bool, _ expected: Int32) throws {
    var report = CheckReport()
    report.add(
      [try RulesetText(nat: "", filter: filter).snapshot()], of: "a", mode: .iptables)
    if fails { report.addFailure(of: "b", "cannot read b") }
    #expect(report.exitStatus == expected)
  }

  @Test("Every planted fault is told in both formats", arguments: PlantedFault.all)
  func formats(_ fault: PlantedFault) throws {
    var text = try DumpText(fault.fixture)
    fault.plant(&text)
    let report = Self.report(
      try text.snapshot(), fault.mode, beside: try fault.other?.snapshot())
    let told = Self.text(report)
    for expected in fault.expected {
      #expect(told.contains(expected.prefix { $0 != " " }))
      #expect(told.contains("Why it matters:"))
      #expect(told.contains("What to do:"))
    }
    #expect(fault.expected.isEmpty == told.contains("no faults"))
    let json = try Self.json(report)
    #expect(json.version == 2)
    #expect(json.failures.isEmpty)
    #expect(
      json.readings.flatMap(\.anomalies).map {
        "\($0.anomaly) \($0.table) \($0.chains.first ?? "")"
      }
        == fault.expected)
    for anomaly in json.readings.flatMap(\.anomalies) {
      #expect(anomaly.rules.allSatisfy { $0.position > 0 && $0.text.hasPrefix("-A \($0.chain) ") })
    }
  }

  @Test("Faults that are info alone are marked")
  func information() throws {
    let both = Self.drop + "\n" + Self.twice
    let texts = try [Self.twice, both].map { filter in
      Self.text(Self.report(try RulesetText(nat: "", filter: filter).snapshot()))
    }
    #expect(texts[0].contains("1 fault (info) in 2 rules"))
    #expect(texts[0].contains("duplicate_rule (info): a rule that"))
    #expect(texts[1].contains("2 faults (1 info) in 3 rules"))
    #expect(texts[1].contains("unguarded_drop: a DROP"))
    let json = try Self.json(Self.report(try RulesetText(nat: "", filter: both).snapshot()))
    let severities = json.readings[0].anomalies.map { "\($0.anomaly) \($0.severity)" }
    #expect(severities == ["duplicate_rule info", "unguarded_drop critical"])
  }

  @Test("Only the faults of the tables and service ports that are asked for are told")
  func selection() throws {
    let nat = """
      -A KUBE-MARK-MASQ -j RETURN
      -A KUBE-MARK-MASQ -j RETURN
      """
    let snapshot = try RulesetText(nat: nat, filter: Self.drop).snapshot()
    func found(_ report: CheckReport) throws -> Document.Reading {
      var report = report
      report.add([snapshot], of: "node", mode: .iptables)
      return try Self.json(report).readings[0]
    }
    let all = try found(CheckReport())
    #expect(Set(all.anomalies.map(\.table)) == ["nat", "filter"])
    let filter = try found(CheckReport(tables: [.filter]))
    #expect(filter.tables == ["filter"] && filter.rule_count == 1)
    #expect(
      filter.anomalies.map(\.detail) == all.anomalies.filter { $0.table == "filter" }.map(\.detail))
    var none = CheckReport { _ in false }
    #expect(try found(none).anomalies.isEmpty)
    none.add([snapshot], of: "node", mode: .iptables)
    #expect(!none.hasServicePorts && none.exitStatus == 0)
  }

  @Test("Of a service port, its faults are told and no other's", arguments: PlantedFault.all)
  func services(_ fault: PlantedFault) throws {
    var text = try DumpText(fault.fixture)
    fault.plant(&text)
    let snapshot = try text.snapshot()
    let other = try fault.other?.snapshot()
    let all = try Self.json(Self.report(snapshot, fault.mode, beside: other)).readings[0]
    for name in Set(all.anomalies.compactMap(\.service?.name)) {
      var report = CheckReport { $0.name == name }
      report.add(
        [snapshot], of: "node", mode: fault.mode, beside: [other].compactMap(\.self))
      let some = try Self.json(report).readings[0]
      // One that no rule leads to isn't counted.
      let isCounted = some.anomalies.contains {
        !["cluster_ip_missing", "orphan_chain"].contains($0.anomaly)
      }
      #expect(some.service_port_count > 0 || !isCounted)
      #expect(some.service_port_count < all.service_port_count)
      let others = all.anomalies.count { $0.service == nil && $0.severity != "info" }
      #expect(Self.text(report).contains("of no single service port") == (others > 0))
      #expect(
        some.anomalies.map(\.detail)
          == all.anomalies.filter { $0.service?.name == name }.map(\.detail))
    }
  }

  @Test("A mode that is not iptables is said first, once for each source")
  func mode() throws {
    let families = try [IPFamily.ipv4, .ipv6].map { try RulesetText($0, nat: "").snapshot() }
    for (mode, words) in [
      (KubeProxyMode.nftables, "node: kube-proxy is in nftables mode"),
      (.ipvs, "node: kube-proxy is in ipvs mode"), (.none, "node: no rules of kube-proxy here ("),
      (.iptables, "node, IPv4 (legacy): no faults in 0 rules, 0 service ports"),
    ] {
      var report = CheckReport()
      report.add(families, of: "node", mode: mode)
      let lines = Self.text(report).split(separator: "\n")
      #expect(lines[0].hasPrefix(words))
      #expect(lines.count == (mode == .iptables ? 2 : 3))
      #expect(try Self.json(report).readings.map(\.mode) == [mode.rawValue, mode.rawValue])
    }
  }

  @Test("Of a source that was read in part, neither its mode nor a family without rules is told")
  func incomplete() throws {
    var report = CheckReport()
    report.add([try RulesetText(nat: "").snapshot()], of: "kernel", mode: .none, isKernel: true)
    #expect(Self.text(report).hasPrefix("kernel: no rules of kube-proxy here\n"))
    report.addFailure(of: "kernel", "cannot read it")
    #expect(Self.text(report).isEmpty)
    let snapshot = try RulesetText(nat: "", filter: Self.drop).snapshot()
    report.add([snapshot], of: "kernel", mode: .none, isKernel: true)
    #expect(Self.text(report).hasPrefix("kernel, IPv4 (legacy): 1 fault in 1 rule, "))
    report.add([try RulesetText(nat: "").snapshot()], of: "file", mode: .none)
    #expect(Self.text(report).contains("file, IPv4 (legacy): no faults in 0 rules, "))
  }

  @Test("Service chains of no known service port are counted, and it is said why")
  func unnamed() throws {
    let rules = (0..<40).map {
      "-A KUBE-SERVICES -p tcp -j KUBE-SVC-AAAAAAAAAAAAAA\(Self.letters($0))"
    }
    let nat =
      rules.joined(separator: "\n") + "\n"
      + #"-A KUBE-SERVICES -p tcp -m comment --comment "shop/web cluster IP" -j KUBE-SVC-BBBBBBBBBBBBBBBB"#
    let report = Self.report(try RulesetText(nat: nat).snapshot())
    #expect(
      Self.text(report).contains(
        "  41 service chains are of no known service port: no comment says whose (40), or the chain's "
          + "hash contradicts the comment (1)\n"))
    let json = try Self.json(report)
    #expect(json.readings[0].unnamed_chains == ["without_name": 40, "contradicted": 1])
  }

  @Test("Comments and names break neither format")
  func hostile() throws {
    let name = try #require(ChainName([0x4b, 0x1b, 0xff, 0x22]))
    let comment = ByteString(bytes: Array("web/x\u{1b}[2J\n\r\"}],\u{202e}".utf8) + [0xff])
    let rule = Rule(comment: comment.bytes, "-j DROP")
    let filter = TableContent(
      family: .ipv4, name: .filter,
      chains: [
        Chain(name: "INPUT", policy: .accept), Chain(name: name, rules: RuleList([rule, rule])),
        Chain(name: "KUBE-FIREWALL", rules: RuleList([rule])),
      ])
    let snapshot = FamilySnapshot(
      backend: .legacy, family: .ipv4,
      tables: [
        TableSnapshot(
          content: filter, counters: Array(repeating: Counter(), count: 3),
          policyCounters: [Counter()])
      ])
    var report = CheckReport()
    report.add([snapshot], of: "\u{1b}]0;evil\u{7}", mode: .ipvs)
    report.addFailure(of: "\n", "\u{1b}")
    let text = Self.text(report)
    #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 || $0 == "\u{202e}" })
    #expect(text.contains("unguarded_drop"))
    #expect(text.contains(#"web/x\x1b[2J\x0a\x0d"#))
    let json = try Self.json(report)
    #expect(json.readings.flatMap(\.anomalies).map(\.anomaly) == ["unguarded_drop"])
    #expect(json.failures.map(\.message) == ["\u{1b}"])
  }

  @Test("Of many faults of a kind, and many rules of one, some are told and the others counted")
  func many() throws {
    let rules = (0..<30).map { "-A KUBE-SVC-AAAAAAAAAAAAAA\(Self.letters($0)) -j ACCEPT" }
    let twelve = Array(repeating: "-A KUBE-MARK-MASQ -j RETURN", count: 12)
    let snapshot = try RulesetText(nat: (rules + twelve).joined(separator: "\n")).snapshot()
    let text = Self.text(Self.report(snapshot))
    #expect(text.contains("… and 10 more; --format json has them all"))
    #expect(text.contains("… and 2 more rules"))
    #expect(try Self.json(Self.report(snapshot)).readings[0].anomalies.count == 31)
  }

  private static func letters(_ number: Int) -> String {
    String(decoding: [UInt8(65 + number / 10), UInt8(65 + number % 10)], as: UTF8.self)
  }

  private static func report(
    _ snapshot: FamilySnapshot, _ mode: KubeProxyMode = .iptables,
    beside other: FamilySnapshot? = nil
  ) -> CheckReport {
    var report = CheckReport()
    report.add(
      [snapshot], of: "node", mode: mode, beside: [other].compactMap(\.self))
    return report
  }

  private static func text(_ report: CheckReport) -> String {
    var writer = TerminalWriter(isColoured: false)
    report.write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func json(_ report: CheckReport) throws -> Document {
    var writer = JSONWriter()
    report.write(to: &writer)
    return try JSONDecoder().decode(Document.self, from: Data(writer.finish()))
  }

  /// The schema, as Documentation/answers.md describes it.
  private struct Document: Decodable {
    struct Reading: Decodable {
      let source: String
      let backend: String
      let ip_family: String
      let mode: String
      let unnamed_chains: [String: Int]
      let tables: [String]
      let rule_count: Int
      let service_port_count: Int
      let anomalies: [Anomaly]
    }

    struct Anomaly: Decodable {
      let anomaly: String
      let severity: String
      let table: String
      let chains: [String]
      let service: Service?
      let detail: String
      let consequences: Int
      let rules: [Rule]
      let title: String
      let reason: String
      let advice: String
    }

    struct Service: Decodable {
      let namespace: String
      let name: String
      let port: String
      let `protocol`: String
    }

    struct Rule: Decodable {
      let chain: String
      let position: Int
      let text: String
    }

    struct Failure: Decodable {
      let source: String
      let message: String
    }

    let version: Int
    let readings: [Reading]
    let failures: [Failure]
  }
}
