import Answers
import KubeProxy
import Netfilter
import TestSupport
import Testing

/// What `explain` prints for people and for machines, and what it makes of arguments.
@Suite("What explanations print")
struct ExplanationOutputTests {
  private struct Document: Decodable {
    let version: Int
    let verdict: String
    let answer: String
    let assumptions: [String]
    let service: [String: String]?
    let packet: Packet
    let depends_on: [Place]
    let outcomes: [Outcome]
    let stages: [Stage]

    struct Packet: Decodable {
      let source: String
      let destination: String
      let port: Int?
      let from_node: Bool
    }

    struct Place: Decodable {
      let table: String
      let chain: String
      let position: Int
      let text: String
    }

    struct Outcome: Decodable {
      let end: String
      let share: Double
      let certain: Bool
      let destination: String
      let port: Int?
      let translated_by: Place?
      let source_rewritten_by: [Place]
      let source_kept: Bool
    }

    struct Stage: Decodable {
      let hook: String
      let table: String
      let rules: [Passage]
      let passed_over: Int
      let policy: String?
    }

    struct Passage: Decodable {
      let text: String
      let depth: Int
      let match: String
    }
  }

  private func document(_ explanation: Explanation, showsAll: Bool = false) throws -> Document {
    try decoded { explanation.write(to: &$0, showsAll: showsAll) }
  }

  @Test(
    "A pod that asks for a service port gets the endpoints that kube-proxy was told",
    arguments: Fixture.all.filter { !$0.name.contains("/f-") })
  func truth(_ fixture: Fixture) throws {
    let truth = try fixture.groundTruth()
    let ruleset = try Ruleset(fixture)
    for port in truth.servicePorts {
      guard let clusterIP = port.clusterIP(fixture.family), clusterIP != "None" else { continue }
      let host = fixture.family == .ipv6 ? "[\(clusterIP)]" : clusterIP
      let explanation = try explain("pod \(host):\(port.port)/\(port.transport)", in: ruleset)
      let document = try document(explanation)
      // From version 1.22 on there is a policy for the cluster IP.
      let isLocal = port.internalTrafficPolicy == "Local" && truth.kubeProxy.minorVersion >= 22
      let expected =
        isLocal
        ? port.localEndpoints(fixture.family) : port.endpointsInUse(fixture.family)
      #expect(document.verdict == (expected.isEmpty ? "not_delivered" : "delivered"))
      #expect(explanation.exitStatus == (expected.isEmpty ? 1 : 0))
      if expected.isEmpty { continue }
      let destinations = document.outcomes.map { outcome in
        let host = fixture.family == .ipv6 ? "[\(outcome.destination)]" : outcome.destination
        return "\(host):\(outcome.port ?? 0)"
      }
      #expect(Set(destinations) == expected, "\(document.answer)")
      #expect(destinations.count == expected.count)
      for outcome in document.outcomes {
        #expect(outcome.end == "sent" && outcome.certain && outcome.translated_by != nil)
        #expect(abs(outcome.share - 1 / Double(expected.count)) < 1e-4)
      }
      let name = "\(port.namespace)/\(port.name)"
      #expect(document.answer.hasPrefix(name))
    }
  }

  @Test(
    "A NodePort's packets get the endpoints of its policy, and keep their source by policy Local")
  func nodePorts() throws {
    for fixture in Fixture.all where fixture.name.contains("/d-12") {
      let ruleset = try Ruleset(fixture)
      for port in try fixture.groundTruth().servicePorts {
        guard let nodePort = port.nodePort else { continue }
        let isLocal = port.externalTrafficPolicy == "Local"
        let expected =
          isLocal ? port.localEndpoints(fixture.family) : port.endpointsInUse(fixture.family)
        let document = try document(
          explain("outside NODE:\(nodePort)/\(port.transport)", in: ruleset))
        if expected.isEmpty {
          #expect(document.verdict == "not_delivered" || port.transport == "sctp")
          continue
        }
        #expect(Set(document.outcomes.map { "\($0.destination):\($0.port ?? 0)" }) == expected)
        #expect(document.outcomes.allSatisfy { $0.source_kept == isLocal })
        #expect(document.outcomes.allSatisfy { $0.source_rewritten_by.isEmpty == isLocal })
      }
    }
  }

  @Test("The way has what the packet met, and says how much it hides")
  func way() throws {
    let ruleset = try Ruleset(Fixture("legacy-1.28/a-01-baseline.rules"))
    let explanation = try explain("10.244.1.7 10.96.0.10:53/udp", in: ruleset)
    let (short, long) = (try document(explanation), try document(explanation, showsAll: true))
    #expect(short.stages.map(\.passed_over) == long.stages.map(\.passed_over))
    for (short, long) in zip(short.stages, long.stages) {
      #expect(long.rules.count == short.rules.count + short.passed_over)
      #expect(short.rules.allSatisfy { $0.match != "no" })
    }
    let nat = try #require(short.stages.first { $0.hook == "PREROUTING" && $0.table == "nat" })
    #expect(nat.rules.map(\.depth) == [0, 1, 2, 3, 2, 3])
    let page = text { explanation.write(to: &$0) }
    #expect(page.contains("\n  6 rules passed over\n"))
    #expect(
      page.contains("-j DNAT --to-destination 10.244.3.2:53  (rule 2)  → 10.244.3.2:53 (50%)\n"))
    #expect(page.contains("(rule 4, kube-system/kube-dns:dns)\n"))
    let whole = text { explanation.write(to: &$0, showsAll: true) }
    #expect(!whole.contains("passed over"))
    #expect(whole.contains("default/kubernetes:https cluster IP"))
    #expect(!page.contains("default/kubernetes:https"))
  }

  @Test("A thousand endpoints are counted")
  func many() throws {
    let count = 1000
    var nat = """
      -A PREROUTING -j KUBE-SERVICES
      -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU

      """
    for index in 0..<count {
      let share =
        index == count - 1
        ? "" : "-m statistic --mode random --probability \(1 / Double(count - index)) "
      nat +=
        "-A KUBE-SVC-TCOU7JCQXEZGVUNU \(share)-j DNAT --to-destination "
        + "10.244.\(index / 250).\(index % 250 + 1):53\n"
    }
    let explanation = try explain(
      "192.0.2.9 10.96.0.10:53/udp", in: try Ruleset(RulesetText(nat: nat)))
    #expect(
      explanation.answer
        == "kube-system/kube-dns:dns: one of 1000 endpoints (0.1% each): 10.244.0.1:53, 10.244.0.2:53, "
        + "10.244.0.3:53, 10.244.0.4:53, 10.244.0.5:53 … and 995 more; source kept")
    let page = text { explanation.write(to: &$0) }
    #expect(page.split(separator: "\n").count < 40)
    #expect(page.contains("  … and 980 more rules that matched (--all)\n"))
    #expect(try document(explanation).outcomes.count == count)
  }

  @Test("No comment breaks the text or the JSON", arguments: OutputTests.hostileComments)
  func hostile(_ comment: [UInt8]) throws {
    let parts = RulesetText(
      nat: ExplanationTests.services, filter: "-A FORWARD -m comment --comment \"@\" -j DROP"
    ).text.split(separator: "@")
    let bytes = Array(parts[0].utf8) + comment + Array(parts[1].utf8)
    let explanation = try explain("10.0.0.1 10.96.0.10:53/udp", in: try Ruleset(bytes: bytes))
    let page = text { explanation.write(to: &$0, showsAll: true) }
    #expect(page.isPrintable)
    #expect(try document(explanation).verdict == "not_delivered")
  }

  // MARK: Arguments

  @Test(
    "Sources and destinations are read as people write them",
    arguments: [
      ("10.96.0.10:53/udp", "10.96.0.10", 53, PacketProtocol.udp),
      ("10.0.0.1", "10.0.0.1", nil, nil),
      ("[fd00::a]:53", "fd00::a", 53, nil), ("fd00::a/icmp", "fd00::a", nil, .icmp),
      ("[fd00::a]", "fd00::a", nil, nil), ("10.0.0.1:80/sctp", "10.0.0.1", 80, .sctp),
      ("NODE:31224/tcp", "NODE", 31224, .tcp), ("NODE", "NODE", nil, nil),
      ("default/web:http", "default/web:http", nil, nil),
      ("default/web/tcp", "default/web", nil, .tcp), ("default/tcp", "default/tcp", nil, nil),
      ("default/web:http/udp", "default/web:http", nil, .udp), ("10.0.0.1:99999", "?", nil, nil),
      ("NODE:x", "?", nil, nil), ("foo", "?", nil, nil), ("a/b/c", "?", nil, nil),
      ("/web", "?", nil, nil), ("default/", "?", nil, nil), ("[10.0.0.1]:80", "?", nil, nil),
      ("", "?", nil, nil),
    ] as [(String, String, UInt16?, PacketProtocol?)])
  func destination(
    _ text: String, _ place: String, _ port: UInt16?, _ transport: PacketProtocol?
  ) {
    let destination = PacketDestination(text)
    let words =
      switch destination.place {
      case .address(let address): "\(address)"
      case .node: "NODE"
      case .service(let namespace, let name, let port):
        "\(namespace)/\(name)\(port.map { ":\($0)" } ?? "")"
      case .unknown: "?"
      }
    #expect(words == place)
    #expect(destination.port == port && destination.transport == transport)
  }

  @Test("A source is an address, with or without a port, or NODE")
  func source() throws {
    let address = try #require(IPAddress("fd00::7"))
    #expect(PacketSource("NODE") == .node)
    #expect(PacketSource("fd00::7") == .address(address, port: nil))
    #expect(PacketSource("[fd00::7]:40000") == .address(address, port: 40000))
    #expect(PacketSource("10.244.1.7:80").map { "\($0)".contains("80") } == true)
    for text in ["", "pod", "10.0.0", "10.0.0.1:", "10.0.0.1:-1", "10.0.0.1:+1", "fd00::7:x"] {
      #expect(PacketSource(text) == nil)
    }
  }

  @Test(
    "What isn't in the rules is named, and what may be meant",
    arguments: [
      (
        "pod foo",
        "DST: 'foo' is neither an address, NODE nor a service port of \(Self.rules)"
      ),
      (
        "pod ngnix-service",
        "DST: 'ngnix-service' is neither an address, NODE nor a service port of \(Self.rules); did you "
          + "mean default/ngnix-service?"
      ),
      (
        "pod default/ngnix-servce",
        "DST: 'default/ngnix-servce' is neither an address, NODE nor a service port of \(Self.rules); "
          + "did you mean default/ngnix-service?"
      ),
      (
        "pod kube-system/kube-dns",
        "DST: kube-system/kube-dns is several service ports: kube-system/kube-dns:dns/udp, "
          + "kube-system/kube-dns:dns-tcp, kube-system/kube-dns:metrics"
      ),
      (
        "pod kube-system/kube-dns:http",
        "DST: kube-system/kube-dns has no such port as kube-system/kube-dns:http: it has "
          + "kube-system/kube-dns:dns/udp, kube-system/kube-dns:dns-tcp, kube-system/kube-dns:metrics"
      ),
      (
        "pod kube-system/kube-dns:dns nodeport",
        "--via nodeport: kube-system/kube-dns:dns is not reached so, but by --via cluster"
      ),
      (
        "pod 10.96.0.10:53 cluster", "--via cluster: 10.96.0.10:53 is no service port's name"
      ),
      (
        "10.0.0.1 10.96.0.10",
        "DST: 10.96.0.10 is a cluster IP of kube-system/kube-dns that is served at 53/tcp, 53/udp, 9153/tcp: "
          + "name a port"
      ),
      ("10.0.0.1 [fd00::1]:53", "10.0.0.1 is IPv4, and fd00::1 is IPv6"),
      ("fd00::2 [fd00::1]:53", "\(Self.rules) holds no IPv6 rules"),
    ])
  func fault(_ packet: String, _ message: String) throws {
    let ruleset = try Ruleset(Fixture(Self.rules))
    let error = #expect(throws: PacketQuestionError.self) { try explain(packet, in: ruleset) }
    #expect(error?.description == message)
  }

  private static let rules = "legacy-1.28/b-01-ngnix-created.rules"

  // MARK: What is assumed

  @Test("What is taken for granted is said where it matters")
  func assumptions() throws {
    let ruleset = try Ruleset(Fixture(Self.rules))
    func assumptions(
      _ packet: String, _ change: (inout PacketQuestion) -> Void = { _ in }
    ) throws -> [String] {
      try document(explain(packet, in: ruleset, change)).assumptions
    }
    #expect(try assumptions("10.244.1.7 10.96.0.10:53/udp").isEmpty)
    #expect(try assumptions("10.0.0.4 10.96.0.10:53/udp").isEmpty)
    // An address that might be the node's, behind whose port a service port is.
    #expect(
      try assumptions("10.244.1.7 10.0.0.5:32029")
        == ["10.0.0.5 is not the node's own address (--node-address)"])
    let node = try #require(IPAddress("10.0.0.5"))
    #expect(
      try assumptions("10.244.1.7 10.0.0.5:32029") { $0.node = NodeFacts(addresses: [node]) }
        .isEmpty)
    #expect(
      try assumptions("pod default/ngnix-service nodeport") == [
        "default/ngnix-service is asked for by its NodePort 32029 (--via)",
        "10.244.0.7 stands for a pod: in the pod network 10.244.0.0/16, by "
          + "KUBE-SVC-ERIFXISQEP7F7OF4 rule 1",
        "198.51.100.1 stands for the node: the rules show none of its addresses (--node-address)",
      ])
    #expect(
      try assumptions("10.244.1.7 NODE:22") { $0.node = NodeFacts(addresses: [node], areAll: true) }
        .isEmpty)
  }

  @Test("A packet of the node's begins at OUTPUT, any other at PREROUTING")
  func origin() throws {
    let ruleset = try Ruleset(Fixture(Self.rules))
    let node = try #require(IPAddress("10.0.0.5"))
    for (packet, isNode) in [
      ("10.0.0.5 10.96.0.10:53/udp", true), ("node 10.96.0.10:53/udp", true),
      ("NODE NODE:32029", true), ("127.0.0.1 127.0.0.1:32029", true),
      ("10.0.0.6 10.96.0.10:53/udp", false), ("pod NODE:32029", false),
    ] {
      let document = try document(
        explain(packet, in: ruleset) { $0.node = NodeFacts(addresses: [node]) })
      #expect(document.packet.from_node == isNode, "\(packet)")
      #expect(document.stages.first?.hook == (isNode ? "OUTPUT" : "PREROUTING"))
    }
  }

  @Test("Interfaces decide where they are named")
  func interfaces() throws {
    let filter = "-A FORWARD -i eth1 -o eth2 -j DROP"
    let ruleset = try Ruleset(RulesetText(nat: ExplanationTests.services, filter: filter))
    for (input, output, status) in [
      ("eth1", "eth2", 1), ("eth1", nil, 3), (nil, "eth2", 3), ("eth0", nil, 0), (nil, "eth0", 0),
    ] as [(String?, String?, Int32)] {
      let explanation = try explain("192.0.2.1 10.96.0.10:53/udp", in: ruleset) {
        $0.input = input
        $0.output = output
      }
      #expect(explanation.exitStatus == status)
    }
  }

  @Test("Of Calico's interfaces a pod has one, and another machine none")
  func calico() throws {
    let filter = """
      -A FORWARD -j cali-FORWARD
      -A cali-FORWARD -i cali+ -j cali-from-wl-dispatch
      -A cali-FORWARD -o cali+ -j cali-to-wl-dispatch
      -A cali-from-wl-dispatch -i cali0c6f2a91d3e -j RETURN
      -A cali-from-wl-dispatch -m comment --comment "Unknown interface" -j DROP
      -A cali-to-wl-dispatch -m comment --comment "Unknown interface" -j DROP
      """
    let network = "-A KUBE-SVC-TCOU7JCQXEZGVUNU ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ"
    let ruleset = try Ruleset(
      RulesetText(nat: ExplanationTests.services + "\n" + network, filter: filter))
    for (packet, output, status) in [
      ("pod", "eth0", 0), ("outside", "eth0", 0), ("10.0.0.9", "eth0", 3), ("pod", nil, 3),
      ("pod", "cali1", 1),
    ] as [(String, String?, Int32)] {
      let explanation = try explain("\(packet) kube-system/kube-dns cluster", in: ruleset) {
        $0.output = output
      }
      #expect(explanation.exitStatus == status, "\(packet) \(output ?? "")")
    }
    let explanation = try explain("10.0.0.9 kube-system/kube-dns", in: ruleset)
    let page = AnswersTests.text { explanation.write(to: &$0) }
    #expect(page.contains("\n  --in and --out would say by which interface it passes\n"))
  }
}
