import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("Real rule sets")
struct FixtureTests {
  @Test("What a real kube-proxy wrote has no fault", arguments: Fixture.all)
  func clean(_ fixture: Fixture) throws {
    let findings = Inspection(try fixture.snapshot()).findings
    #expect(findings.map { "\($0.summary): \($0.detail)" } == [])
  }
}
