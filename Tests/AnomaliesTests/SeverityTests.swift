import Foundation
import Testing

@testable import Anomalies

@Suite("Severities")
struct SeverityTests {
  @Test("The alerts take those kinds for information that check does")
  func alerts() throws {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let path = here.dropLast(3).joined(separator: "/") + "/Deploy/prometheus/rules.yaml"
    let rules = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    let kinds = Anomaly.allCases.filter { $0.severity == .info }.map(\.rawValue)
    for condition in ["=~", "!~"] {
      let line = try #require(
        rules.split(separator: "\n").first { $0.contains("anomaly\(condition)") })
      let named = line.split(separator: "\"")[1].split(separator: "|").map(String.init)
      #expect(named.sorted() == kinds.sorted())
    }
  }
}
