import Answers
import Netfilter
import TestSupport
import Testing

/// What `explain` says where an endpoint may be the node itself.
@Suite("Endpoints that may be the node")
struct NodeDoubtTests {
  /// The API server at 192.0.2.20, kube-dns with `hostNetwork`, and a service of pods.
  private static let services = """
    -A PREROUTING -j KUBE-SERVICES
    -A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
    -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
    -A KUBE-SERVICES -d 10.96.0.3/32 -p tcp -m comment --comment "default/ngnix-service cluster IP" -m tcp --dport 80 -j KUBE-SVC-FOI3G5ZK27IESILB
    -A KUBE-SVC-NPX46M4PTMTKRN6Y -j DNAT --to-destination 192.0.2.20:6443
    -A KUBE-SVC-TCOU7JCQXEZGVUNU -j DNAT --to-destination 192.0.2.30:53
    -A KUBE-SVC-FOI3G5ZK27IESILB -j DNAT --to-destination 10.244.1.7:80
    """
  private static let podNetwork =
    "\n-A KUBE-SVC-FOI3G5ZK27IESILB ! -s 10.244.0.0/16 -d 10.96.0.3/32 -j KUBE-MARK-MASQ"

  private func explain(
    _ destination: String, filter: String, podNetwork: String = Self.podNetwork,
    node: String? = nil
  ) throws -> Explanation {
    let rules = RulesetText(nat: Self.services + podNetwork, filter: filter)
    return try AnswersTests.explain("10.244.0.9 \(destination)", in: try Ruleset(rules)) {
      $0.node = NodeFacts(addresses: node.flatMap { IPAddress($0) }.map { [$0] } ?? [])
    }
  }

  private func assumptions(_ explanation: Explanation) -> [String] {
    text { explanation.write(to: &$0) }.split(separator: "\n")
      .filter { $0.hasPrefix("  assumed: ") }.map { String($0.dropFirst(11)) }
  }

  @Test(arguments: [("10.96.0.1:443", "192.0.2.20:6443"), ("10.96.0.10:53/udp", "192.0.2.30:53")])
  func `where only another machine's endpoint gets the packet, it depends on the node's address`(
    _ destination: String, _ endpoint: String
  ) throws {
    let address = String(endpoint.prefix { $0 != ":" })
    let explanation = try explain(destination, filter: "-A INPUT -j DROP")
    #expect(
      explanation.answer.hasSuffix(
        ": depends on whether \(address) is the node's own address: if not, its one endpoint, "
          + "\(endpoint); source kept; if it is, dropped by filter's INPUT rule 1, on the way to "
          + endpoint))
    #expect(explanation.exitStatus == 3)
    #expect(
      assumptions(explanation) == ["\(address) is taken for another machine's (--node-address)"])
    for (node, status) in [("192.0.2.99", 0), (address, 1)] as [(String, Int32)] {
      let explanation = try explain(destination, filter: "-A INPUT -j DROP", node: node)
      #expect(explanation.exitStatus == status)
      #expect(assumptions(explanation).isEmpty)
    }
  }

  @Test func `where both get it, only the assumption is said`() throws {
    let explanation = try explain("10.96.0.1:443", filter: "")
    #expect(explanation.exitStatus == 0)
    #expect(
      explanation.answer
        == "default/kubernetes:https: its one endpoint, 192.0.2.20:6443; source kept"
    )
    #expect(
      assumptions(explanation) == ["192.0.2.20 is taken for another machine's (--node-address)"])
  }

  @Test func `the JSON has both ends, and neither is certain`() throws {
    struct Document: Decodable {
      struct Outcome: Decodable {
        let end: String
        let certain: Bool
      }
      let verdict: String
      let outcomes: [Outcome]
    }
    let explanation = try explain("10.96.0.1:443", filter: "-A INPUT -j DROP")
    let document: Document = try decoded { explanation.write(to: &$0) }
    #expect(document.verdict == "depends")
    #expect(document.outcomes.map(\.end) == ["sent", "dropped"])
    #expect(document.outcomes.allSatisfy { !$0.certain })
  }

  @Test(arguments: ["-A INPUT -j DROP", "-A FORWARD -j DROP"])
  func `an endpoint in the pod network is a pod`(_ filter: String) throws {
    let explanation = try explain("10.96.0.3:80", filter: filter)
    #expect(explanation.exitStatus == (filter.contains("FORWARD") ? 1 : 0))
    #expect(assumptions(explanation).isEmpty)
  }

  @Test func `without a pod network an endpoint counts as a pod, which is said where it matters`()
    throws
  {
    let explanation = try explain("10.96.0.3:80", filter: "-A FORWARD -j DROP", podNetwork: "")
    #expect(explanation.exitStatus == 1)
    let words = "10.244.1.7 is not the node's own address (--node-address)"
    #expect(assumptions(explanation).contains(words))
    let others = assumptions(try explain("10.96.0.3:80", filter: "", podNetwork: ""))
    #expect(!others.contains(words))
  }
}
