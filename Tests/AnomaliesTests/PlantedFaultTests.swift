import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("Planted faults")
struct PlantedFaultTests {
  @Test("Each is found, and nothing else", arguments: PlantedFault.all)
  func found(_ fault: PlantedFault) throws {
    let original = try fault.fixture.snapshot()
    var text = try DumpText(fault.fixture)
    fault.plant(&text)
    let snapshot = try text.snapshot()
    // An edit that edits nothing would find nothing.
    let differs = snapshot.tables.map(\.content) != original.tables.map(\.content)
    #expect(differs || fault.isElsewhere(snapshot))
    let other = try fault.other?.snapshot()
    let findings = Inspection(snapshot, mode: fault.mode, beside: other).findings
    #expect(findings.map(\.summary) == fault.expected)
  }

  @Test(
    "One that came between two readings is found as in the second alone",
    arguments: PlantedFault.all)
  func incrementally(_ fault: PlantedFault) throws {
    let clean = try fault.fixture.snapshot()
    var text = try DumpText(fault.fixture)
    fault.plant(&text)
    let faulty = try text.snapshot()
    let other = try fault.other?.snapshot()
    let first = History(clean)
    let second = first.next(faulty, mode: fault.mode, beside: other)
    #expect(
      second.inspection.findings.map(\.everything)
        == Inspection(faulty, mode: fault.mode, beside: other).findings.map(\.everything))
    let again = second.next(faulty, mode: fault.mode, beside: other)
    #expect(again.inspection.findings.map(\.identity) == second.inspection.findings.map(\.identity))
    #expect(again.next(clean).inspection.findings.isEmpty)
  }

  @Test("What follows from a fault is counted in it")
  func consequences() throws {
    func details(_ plant: (inout DumpText) -> Void) throws -> [String] {
      var text = try DumpText(Fixture("legacy-1.30/d-12-multiport.rules"))
      plant(&text)
      return Inspection(try text.snapshot()).findings.map(\.detail)
    }
    // Each endpoint's and each service's chain, the two jumps to KUBE-SERVICES, and that to KUBE-POSTROUTING.
    #expect(
      try details { $0.remove("-A ") } == [
        "nat has kube-proxy's chains, no rule in them, and none that leads to them: nat was flushed, and "
          + "77 faults follow from it"
      ])
    #expect(
      try details { $0.remove("-A KUBE-SERVICES") }[0].hasPrefix(
        "KUBE-SERVICES has no rules: kube-proxy's sync never succeeded, or the chain was flushed, and "
      ))
    #expect(
      try details { $0.remove("-A KUBE-SERVICES", "-j KUBE-NODEPORTS") } == [
        "no rule of KUBE-SERVICES leads to KUBE-NODEPORTS: the NodePorts of 10 service ports are dead"
      ])
  }

  @Test("Every kind is planted, and occurs in the tables that it is said to occur in")
  func kinds() {
    let found = Set(PlantedFault.all.flatMap(\.expected).map { $0.split(separator: " ")[0] })
    #expect(found == Set(Anomaly.allCases.map { $0.rawValue[...] }))
    for fault in PlantedFault.all.flatMap(\.expected) {
      let words = fault.split(separator: " ")
      let anomaly = Anomaly(rawValue: String(words[0]))
      #expect(anomaly?.tables.map(\.rawValue).contains(String(words[1])) == true)
    }
  }
}

extension PlantedFault {
  /// Whether the fault isn't in the rules that were edited.
  fileprivate func isElsewhere(_ snapshot: FamilySnapshot) -> Bool {
    mode != .iptables || other != nil || !snapshot.incompatibleTables.isEmpty
  }
}

extension Finding {
  /// All of it that can be seen.
  var everything: String {
    let rules = rules.map { "\($0.position): \($0.rule.text(in: $0.chain))" }
    let owner = servicePort?.description ?? "nobody"
    return ([summary, owner, detail] + chains.map(\.description) + rules).joined(separator: "\n")
  }
}
