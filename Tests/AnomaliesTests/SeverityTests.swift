import Foundation
import Testing

@testable import Anomalies

@Suite("Severities")
struct SeverityTests {
  /// It has an alert of its own, which waits for longer: KubeIptablesMixedBackends.
  private static let apart: Set<Anomaly> = [.mixedBackends]

  @Test(
    "A fault has the severity of the alert that it raises",
    arguments: [
      ("KubeIptablesTampered", "critical", "=~", ["critical"]),
      ("KubeIptablesFaultyRules", "warning", "!~", ["critical", "info"]),
      ("KubeIptablesStaleRules", "info", "=~", ["info"]),
    ])
  func alerts(alert: String, severity: String, condition: String, named: [String]) throws {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let path = here.dropLast(3).joined(separator: "/") + "/Deploy/prometheus/rules.yaml"
    let rules = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    let lines = rules.split(separator: "\n").drop { !$0.hasSuffix("- alert: \(alert)") }
    let expression = try #require(lines.first { $0.contains("anomaly\(condition)") })
    let kinds = Anomaly.allCases.filter { kind in
      named.contains(kind.severity.rawValue) || condition == "!~" && Self.apart.contains(kind)
    }.map(\.rawValue)
    let found = expression.split(separator: "\"")[1].split(separator: "|").map(String.init)
    #expect(found.sorted() == kinds.sorted())
    #expect(lines.first { $0.contains("severity: ") }?.hasSuffix(" \(severity)") == true)
  }
}
