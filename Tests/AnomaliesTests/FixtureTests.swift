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

  @Test(
    "Nor has it one after the other, as the exporter follows them", arguments: IPFamily.allCases)
  func sequence(_ family: IPFamily) throws {
    var history: History?
    for fixture in Fixture.all where fixture.family == family {
      let next = History(try fixture.snapshot(), after: history)
      #expect(next.inspection.findings.map(\.summary) == [], "\(fixture)")
      history = next
    }
    #expect(history != nil)
  }
}
