import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Answers

@Suite("Chains with other names and the same rules")
struct ChainRenameTests {
  private func sentences(_ old: KubeRouter, _ new: KubeRouter) throws -> [String] {
    RulesetDifference(from: try old.ruleset(), to: try new.ruleset()).sentences
      .map { $0.replacing(#/ \([^)]*\)/#, with: "") }
  }

  @Test("A sync of kube-router that changes nothing is one sentence, and no rule of Kubernetes'")
  func sync() throws {
    let (old, new) = (KubeRouter(sync: 1), KubeRouter(sync: 2))
    let difference = RulesetDifference(from: try old.ruleset(), to: try new.ruleset())
    #expect(difference.counts.rulesAdded > 50 && difference.counts.chainsAdded == 14)
    #expect(difference.findings.map(\.kind) == [.chainsRenamed])
    #expect(difference.findings.map(\.impact) == [.none])
    #expect(
      try sentences(old, new) == [
        "14 chains of kube-router got new names in filter, with the same rules in them"
      ])
    #expect(difference.groups.map(\.owner) == [.nobody(.other, kind: "KUBE-ROUTER")])
  }

  @Test("What differs besides is told in the same sentence")
  func besides() throws {
    let shuffled = KubeRouter(sync: 2, order: Array(1...10) + [0])
    #expect(
      try sentences(KubeRouter(sync: 1), shuffled) == [
        "14 chains of kube-router got new names in filter, with the same rules in them; other "
          + "changes of its rules: 2 moved"
      ])
    #expect(
      try sentences(KubeRouter(sync: 1), KubeRouter(sync: 2, pods: 12)) == [
        "14 chains of kube-router got new names in filter, with the same rules in them; other "
          + "changes of its rules: 7 added"
      ])
  }

  /// Rules of filter, before and after, and the chains that are the same under another name.
  static let examples: [(old: String, new: String, names: [String: String])] = [
    // A chain that leads to itself, and names itself elsewhere.
    (
      "-A ONE -m comment --comment \"back to ONE\" -j ONE",
      "-A TWO -m comment --comment \"back to TWO\" -j TWO",
      ["ONE": "TWO"]
    ),
    (
      "-A ONE -m recent --set --name ONE --mask 255.255.255.255 --rsource",
      "-A TWO -m recent --set --name TWO --mask 255.255.255.255 --rsource", ["ONE": "TWO"]
    ),
    // Two that lead to each other, in a circle.
    (
      "-A A1 -p tcp -j A2\n-A A2 -p udp -j A1", "-A B2 -p tcp -j B1\n-A B1 -p udp -j B2",
      ["A1": "B2", "A2": "B1"]
    ),
    // One that leads to another, which has other rules.
    ("-A A1 -j A2\n-A A2 -p udp -j DROP", "-A B1 -j B2\n-A B2 -p tcp -j DROP", [:]),
    // As many rules, and not the same as often.
    (
      "-A ONE -p tcp\n-A ONE -p tcp\n-A ONE -p udp", "-A TWO -p tcp\n-A TWO -p udp\n-A TWO -p udp",
      [:]
    ),
    // Who leads there tells which of two is which.
    (
      "-A INPUT -p tcp -j A1\n-A INPUT -p udp -j A2\n-A A1 -j DROP\n-A A2 -j DROP",
      "-A INPUT -p tcp -j B2\n-A INPUT -p udp -j B1\n-A B1 -j DROP\n-A B2 -j DROP",
      ["A1": "B2", "A2": "B1"]
    ),
    // One of two went.
    ("-A A1 -j DROP\n-A A2 -j DROP", "-A B1 -j DROP", ["A1": "B1"]),
    // Of others' kinds.
    ("-A CNI-A -j DROP", "-A DOCKER-A -j DROP", [:]),
    // A part of a word is no name.
    (
      "-A ONE -m comment --comment \"ONES\" -j DROP",
      "-A TWO -m comment --comment \"TWOS\" -j DROP", [:]
    ),
  ]

  @Test("They are found by their rules, and by who leads to them", arguments: examples)
  func found(_ old: String, _ new: String, _ names: [String: String]) throws {
    let comparison = FamilyComparison(
      .ipv4, from: try RulesetText(filter: old).snapshot(),
      to: try RulesetText(filter: new).snapshot())
    let table = try #require(comparison.tables.first { $0.name == .filter })
    let found = ChainRenames(table).names.map { ("\($0.key)", "\($0.value)") }
    #expect(Dictionary(found, uniquingKeysWith: { $1 }) == names)
  }

  @Test("A service port's chains are its own, whatever rules they have")
  func services() throws {
    let name = "default/ngnix-service"
    func rules(_ chain: String, _ name: String) -> String {
      "-A KUBE-SERVICES -d 10.0.0.1/32 -p tcp -m comment --comment \"\(name) cluster IP\" "
        + "-m tcp --dport 80 -j \(chain)\n-A \(chain) -j KUBE-SEP-AAAAAAAAAAAAAAAA"
    }
    let difference = RulesetDifference(
      from: try Ruleset(RulesetText(nat: rules("KUBE-SVC-FOI3G5ZK27IESILB", name))),
      to: try Ruleset(
        RulesetText(nat: rules("KUBE-SVC-NPX46M4PTMTKRN6Y", "default/kubernetes:https"))))
    #expect(Set(difference.findings.map(\.kind)) == [.serviceCreated, .serviceRemoved])
  }
}
