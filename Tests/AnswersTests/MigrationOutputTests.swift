import Answers
import Foundation
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("The report of migrate")
struct MigrationOutputTests {
  private static func report() throws -> MigrationReport {
    let bytes = String(
      decoding: try Fixture("legacy-1.36/a-00-baseline.rules").bytes(), as: UTF8.self
    ).replacing(
      "[0:0] -A KUBE-MARK-MASQ",
      with:
        "[0:0] -A OUTPUT -m comment --comment \"\u{1b}[2J\" -j KUBE-MARK-MASQ\n[0:0] -A KUBE-MARK-MASQ"
    )
    let families = try SaveFileParser.parse(Array(bytes.utf8))
    var report = MigrationReport()
    report.add(Ruleset(name: "a\u{1b}.rules", families: families, mode: .iptables))
    report.add(
      Ruleset(name: "kernel", families: families, mode: .iptables),
      node: LiveNode(kernelRelease: "4.4.0", evidence: NodeEvidence()))
    return report
  }

  @Test("The gravest comes first, with its rules, the reason and what to do; what is well at last")
  func text() throws {
    let report = try Self.report()
    let text = AnswersTests.text { report.write(to: &$0) }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines[0]
        == #"a\x1b.rules: 1 thing stands between this node and kube-proxy's nftables mode; 1 to look at, 4 unknown, 2 ok"#
    )
    #expect(lines[1].isEmpty)
    #expect(
      lines[2] == "blocks foreign_rules: 1 rule that kube-proxy did not write leads into its chains"
    )
    #expect(
      lines[3] == #"    -A OUTPUT -m comment --comment "\x1b[2J" -j KUBE-MARK-MASQ  (nat, rule 2)"#)
    #expect(lines[4].hasPrefix("  Why it matters: In nftables mode there are no KUBE-* chains."))
    let starts = lines.prefix { !$0.hasPrefix("kernel: ") }.compactMap { line in
      ["blocks", "look", "unknown", "ok"].first { line.hasPrefix("\($0) ") }
    }
    #expect(
      starts == ["blocks", "look", "unknown", "unknown", "unknown", "unknown", "ok", "ok"])
    // Of a file what isn't known is named, of a node it is said what to do about it.
    let parts = text.split(separator: "kernel: 2 things stand between")
    try #require(parts.count == 2)
    let known = parts.map { $0.split(separator: "What to do: ").count - 1 }
    #expect(known == [2, 5])
    #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 })
    #expect(lines.allSatisfy { !$0.hasPrefix("  ") || $0.hasPrefix("    -A") || $0.count <= 100 })
  }

  @Test("A node where all is well says so in a line for each subject")
  func good() throws {
    let snapshot = try Fixture("legacy-1.28/a-01-baseline.rules").snapshot()
    var report = MigrationReport()
    let counted: [String: UInt64] = [
      "localhost_nps_accepted_pkts": 0, "ct_state_invalid_dropped_pkts": 0,
    ]
    report.add(
      Ruleset(name: "kernel", families: [snapshot], mode: .iptables),
      node: LiveNode(kernelRelease: "6.1.0", evidence: NodeEvidence()) { counted[$0] })
    let text = AnswersTests.text { report.write(to: &$0) }
    let lines = text.split(separator: "\n")
    #expect(
      lines[0]
        == "kernel: nothing is known to stand between this node and kube-proxy's nftables mode; 8 ok"
    )
    #expect(lines.count == 9 && lines.dropFirst().allSatisfy { $0.hasPrefix("ok ") })
  }

  @Test("JSON is as the schema says, whatever stands in comments and names")
  func document() throws {
    var report = try Self.report()
    report.addFailure(of: "\n", "\u{1b}")
    let document = try decoded(Document.self, report.write)
    #expect(document.version == 2)
    #expect(document.sources.map(\.source) == ["a\u{1b}.rules", "kernel"])
    #expect(document.sources.map(\.mode) == ["iptables", "iptables"])
    #expect(document.sources.map(\.blocking) == [1, 2])
    #expect(document.failures.map(\.message) == ["\u{1b}"])
    for source in document.sources {
      #expect(source.findings.map(\.subject) == MigrationSubject.allCases.map(\.rawValue))
      let statuses = Set(MigrationFinding.Status.allCases.map(\.rawValue))
      #expect(source.findings.allSatisfy { statuses.contains($0.status) && !$0.details.isEmpty })
      #expect(source.findings.allSatisfy { !$0.reason.isEmpty && !$0.advice.isEmpty })
      let rules = source.findings.flatMap(\.rules)
      #expect(
        rules.contains(
          Document.Rule(
            backend: "legacy", ip_family: "IPv4", table: "nat", chain: "OUTPUT", position: 2,
            text: "-A OUTPUT -m comment --comment \"\u{1b}[2J\" -j KUBE-MARK-MASQ")))
    }
    #expect(report.exitStatus == 2)
  }

  @Test("The schema names every subject and status, and the version")
  func schema() throws {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let path =
      here.dropLast(3).joined(separator: "/") + "/Documentation/schemas/migrate.schema.json"
    let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
    func value(_ path: String) -> Any? {
      path.split(separator: "/").reduce(schema) { value, name in
        (value as? [String: Any])?[String(name)] as Any
      }
    }
    #expect(
      value("$defs/finding/properties/subject/enum") as? [String]
        == MigrationSubject.allCases.map(\.rawValue))
    #expect(
      value("$defs/finding/properties/status/enum") as? [String]
        == MigrationFinding.Status.allCases.map(\.rawValue))
    #expect(value("properties/version/const") as? Int == 2)
  }

  /// The schema, as Documentation/answers.md describes it.
  private struct Document: Decodable {
    struct Source: Decodable {
      let source: String
      let mode: String
      let blocking: Int
      let findings: [Finding]
    }

    struct Finding: Decodable {
      let subject: String
      let status: String
      let details: [String]
      let rules: [Rule]
      let reason: String
      let advice: String
    }

    struct Rule: Decodable, Equatable {
      let backend: String
      let ip_family: String
      let table: String
      let chain: String
      let position: Int
      let text: String
    }

    struct Failure: Decodable {
      let source: String
      let message: String
    }

    let version: Int
    let sources: [Source]
    let failures: [Failure]
  }
}
