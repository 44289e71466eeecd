import Console
import Foundation
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("The report of check")
struct CheckReportTests {
  @Test(
    "Exit status: 0 without faults, 1 with, 2 where rules could not be read",
    arguments: [(false, false, 0), (true, false, 1), (false, true, 2), (true, true, 2)])
  func exitStatus(_ hasFault: Bool, _ fails: Bool, _ expected: Int32) throws {
    var report = CheckReport()
    report.add(CheckReport.Reading(source: "a", try Self.snapshot(hasFault: hasFault)))
    if fails { report.add(CheckReport.Failure(source: "b", message: "cannot read b")) }
    #expect(report.exitStatus == expected)
  }

  @Test("Every planted fault is told in both formats", arguments: PlantedFault.all)
  func formats(_ fault: PlantedFault) throws {
    var text = try DumpText(fault.fixture)
    fault.plant(&text)
    let report = Self.report(try text.snapshot())
    let told = Self.text(report)
    for expected in fault.expected {
      #expect(told.contains(expected.prefix { $0 != " " }))
      #expect(told.contains("Why it matters:"))
      #expect(told.contains("What to do:"))
    }
    #expect(fault.expected.isEmpty == told.contains("no faults"))
    let json = try Self.json(report)
    #expect(json.version == 1)
    #expect(json.failures.isEmpty)
    #expect(
      json.readings.flatMap(\.anomalies).map { "\($0.anomaly) \($0.table) \($0.chains[0])" }
        == fault.expected)
    for anomaly in json.readings.flatMap(\.anomalies) {
      #expect(anomaly.rules.allSatisfy { $0.position > 0 && $0.rule.hasPrefix("-A \($0.chain) ") })
    }
  }

  @Test("Comments and names break neither format")
  func hostile() throws {
    let name = try #require(ChainName([0x4b, 0x1b, 0xff, 0x22]))
    let comment = ByteString(bytes: Array("web/x\u{1b}[2J\n\r\"}],\u{202e}".utf8) + [0xff])
    let rule = Rule(
      matches: [.comment(comment)], target: .verdict(.drop))
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
    report.add(CheckReport.Reading(source: "\u{1b}]0;evil\u{7}", snapshot))
    report.add(CheckReport.Failure(source: "\n", message: "\u{1b}"))
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

  private static func snapshot(hasFault: Bool) throws -> FamilySnapshot {
    try RulesetText(nat: "", filter: hasFault ? "-A KUBE-FIREWALL -j DROP" : "").snapshot()
  }

  private static func report(_ snapshot: FamilySnapshot) -> CheckReport {
    var report = CheckReport()
    report.add(CheckReport.Reading(source: "node", snapshot))
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
      let tables: [String]
      let rules: Int
      let service_ports: Int
      let anomalies: [Anomaly]
    }

    struct Anomaly: Decodable {
      let anomaly: String
      let table: String
      let chains: [String]
      let service: Service?
      let detail: String
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
      let rule: String
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
