import Answers
import Foundation
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("What stands between a node and kube-proxy's nftables mode")
struct MigrationTests {
  @Test("Is told of the kernel by its release", arguments: MigrationCase.kernels)
  func ofKernel(_ example: MigrationCase) throws { try check(example) }

  @Test(
    "Is told of NodePorts by what was counted, and by how they are reached",
    arguments: MigrationCase.nodePorts)
  func ofNodePorts(_ example: MigrationCase) throws { try check(example) }

  @Test("Is told of what filter drops and accepts", arguments: MigrationCase.filter)
  func ofFilter(_ example: MigrationCase) throws { try check(example) }

  @Test("Is told of other people's rules and of what is left", arguments: MigrationCase.others)
  func ofOthers(_ example: MigrationCase) throws { try check(example) }

  private func check(_ example: MigrationCase) throws {
    let finding = try example.finding()
    #expect(finding.status == example.status)
    let text = finding.details.joined(separator: "\n")
    for words in example.words { #expect(text.contains(words), "\(text)") }
  }

  @Test("What blocks makes the exit status 1, and nothing else does")
  func exitStatus() throws {
    for example in MigrationCase.all {
      let report = try example.report()
      let blocks = report.findings.joined().contains { $0.status == .blocks }
      #expect(report.exitStatus == (blocks ? 1 : 0), "\(example.testDescription)")
      if example.status == .blocks { #expect(report.exitStatus == 1) }
    }
  }

  @Test(
    "No dump of a real kube-proxy blocks, and each subject is told once", arguments: Fixture.all)
  func fixtures(_ fixture: Fixture) throws {
    let snapshot = try fixture.snapshot()
    var report = MigrationReport()
    let mode = KubeProxyMode(of: [snapshot])
    report.add(Ruleset(name: fixture.name, families: [snapshot], mode: mode))
    let findings = try #require(report.findings.first)
    #expect(findings.map(\.subject) == MigrationSubject.allCases)
    #expect(findings.allSatisfy { !$0.details.isEmpty && $0.status != .blocks })
    #expect(report.exitStatus == 0)
  }

  @Test(
    "In another mode the rules of the mode iptables tell nothing",
    arguments: [
      (.ipvs, .look, .unknown), (.nftables, .ok, .ok), (.none, .unknown, .unknown),
    ] as [(KubeProxyMode, MigrationFinding.Status, MigrationFinding.Status)])
  func modes(
    _ mode: KubeProxyMode, _ ofMode: MigrationFinding.Status, _ ofRules: MigrationFinding.Status
  ) throws {
    let snapshot = try Fixture("legacy-1.36/a-00-baseline.rules").snapshot()
    var report = MigrationReport()
    report.add(
      Ruleset(name: "node", families: [snapshot], mode: mode), node: LiveNode.node())
    let statuses = Dictionary(
      uniqueKeysWithValues: try #require(report.findings.first).map { ($0.subject, $0.status) })
    #expect(statuses[.mode] == ofMode)
    for subject in [.localhostNodePorts, .nodePortAddresses, .invalidPackets, .policies]
      as [MigrationSubject]
    {
      #expect(statuses[subject] == ofRules)
    }
    // These rules serve services all the same.
    #expect(statuses[.leftovers] == (mode.servesElsewhere ? .look : .ok))
    #expect(statuses[.kernel] == .ok)
  }

  @Test("What the other backend holds is left over, the more the worse")
  func otherBackend() throws {
    let used = try Fixture("nft-1.36/a-00-baseline.rules").snapshot()
    let services = try Fixture("legacy-1.28/a-01-baseline.rules").snapshot()
    let canary = FamilySnapshot(
      backend: .legacy, family: .ipv6,
      tables: [
        TableSnapshot(
          content: TableContent(
            family: .ipv6, name: .mangle, chains: [Chain(name: "KUBE-KUBELET-CANARY")]),
          counters: [], policyCounters: [])
      ])
    for (others, status, words) in [
      ([], .ok, "nothing is left"),
      ([try RulesetText(nat: "-A PREROUTING -j ACCEPT").snapshot()], .ok, "nothing is left"),
      ([canary], .look, "the other backend, legacy (IPv6), holds KUBE-KUBELET-CANARY"),
      ([services, canary], .blocks, "the other backend, legacy (IPv4), holds "),
    ] as [([FamilySnapshot], MigrationFinding.Status, String)] {
      var report = MigrationReport()
      report.add(
        Ruleset(name: "kernel", families: [used], mode: .iptables, beside: others),
        node: LiveNode.node())
      let finding = try #require(report.findings.first?.first { $0.subject == .leftovers })
      #expect(finding.status == status)
      #expect(finding.details.joined().contains(words), "\(finding.details)")
    }
  }

  @Test("Tables that a file lacks are unknown, and those that a node lacks are empty")
  func missingTables() throws {
    let nat = try RulesetText(nat: "-A KUBE-SERVICES -j KUBE-NODEPORTS").snapshot()
    let filter = try RulesetText(filter: "-A KUBE-SERVICES -j KUBE-NODEPORTS").snapshot()
    for (snapshot, subjects) in [
      (nat, [.invalidPackets, .policies]), (filter, [.localhostNodePorts, .nodePortAddresses]),
    ] as [(FamilySnapshot, [MigrationSubject])] {
      for (node, status) in [(nil, .unknown), (LiveNode.node(), .ok)]
        as [(LiveNode?, MigrationFinding.Status)]
      {
        var report = MigrationReport()
        report.add(
          Ruleset(name: "a", families: [snapshot], mode: .iptables), node: node)
        for finding in report.findings[0] where subjects.contains(finding.subject) {
          #expect(finding.status == status, "\(finding.subject): \(finding.details)")
        }
      }
    }
  }
}
