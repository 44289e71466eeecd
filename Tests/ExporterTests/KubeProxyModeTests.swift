import Collectors
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("kube-proxy's mode")
struct KubeProxyModeTests {
  struct Node: CustomTestStringConvertible {
    let testDescription: String
    var legacy: RulesetText?
    var nft: RulesetText?
    var evidence = NodeEvidence()
    var chosen: Backend? = .nft
    let mode: String

    var reading: RulesetReading {
      get throws {
        var families: [FamilyReading] = []
        if let legacy {
          families.append(
            FamilyReading(try legacy.snapshot(), isFollowed: chosen != .nft))
        }
        if let nft {
          families.append(
            FamilyReading(
              try nft.snapshot().with(backend: .nft), isFollowed: chosen != .legacy))
        }
        return RulesetReading(
          families: families, choice: chosen.map { BackendChoice(backend: $0, reason: .rules) },
          node: evidence)
      }
    }
  }

  private static let web = EndpointCounters(packets: [.first: 0]).ruleset
  private static let canary = RulesetText(nat: "-A KUBE-KUBELET-CANARY -j ACCEPT")
  private static let empty = RulesetText(nat: "-A KUBE-SERVICES -j KUBE-NODEPORTS")
  private static let reject =
    #"-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web has no endpoints" "#
    + "-m tcp --dport 80 -j REJECT"
  private static let blocked = RulesetText(filter: reject)
  private static let unnamed = RulesetText(
    nat: "-A KUBE-SERVICES -p tcp -j KUBE-SVC-E3PXEPMWAWIUT6ZV")
  private static let ipvsRules = """
    -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
    -A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
    """
  private static let ipvs = RulesetText(nat: ipvsRules)
  private static let blockedBeforeIPVS = RulesetText(nat: ipvsRules, filter: reject)
  private static let leftByIPVS = RulesetText(
    nat: "-A KUBE-SERVICES -p tcp -j KUBE-SVC-E3PXEPMWAWIUT6ZV\n"
      + "-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ")
  private static let ipvsNodePort = RulesetText(nat: "-A KUBE-NODE-PORT -j KUBE-MARK-MASQ")
  private static let interface = NodeEvidence(hasInterface: true)
  private static let table = NodeEvidence(hasTable: true)

  static let nodes = [
    Node(testDescription: "service ports", nft: web, mode: "iptables"),
    Node(
      testDescription: "service ports, and the modes IPVS and nftables",
      nft: web, evidence: NodeEvidence(hasTable: true, hasInterface: true),
      mode: "nftables"),
    Node(testDescription: "service ports, and IPVS", nft: web, evidence: interface, mode: "ipvs"),
    Node(
      testDescription: "service ports, and what IPVS left in nat", nft: leftByIPVS,
      mode: "iptables"),
    Node(testDescription: "service ports in a file", legacy: web, chosen: nil, mode: "iptables"),
    Node(testDescription: "a service port that is blocked", nft: blocked, mode: "iptables"),
    Node(testDescription: "a service port that can't be named", nft: unnamed, mode: "iptables"),
    Node(testDescription: "no services yet", nft: empty, mode: "iptables"),
    Node(
      testDescription: "no services, and the mode nftables", nft: empty, evidence: table,
      mode: "nftables"),
    Node(testDescription: "the interface of IPVS", nft: empty, evidence: interface, mode: "ipvs"),
    Node(testDescription: "IPVS' chain for load balancers", nft: ipvs, mode: "ipvs"),
    Node(
      testDescription: "IPVS' chains, and a service port that the mode iptables left blocked",
      nft: blockedBeforeIPVS, mode: "ipvs"),
    Node(
      testDescription: "the same in a file", legacy: blockedBeforeIPVS, chosen: nil, mode: "ipvs"),
    Node(testDescription: "IPVS' chain for node ports", nft: ipvsNodePort, mode: "ipvs"),
    Node(
      testDescription: "IPVS' chains in a backend that is not followed", legacy: ipvs, nft: empty,
      mode: "iptables"),
    Node(
      testDescription: "service ports in a backend that is not followed", legacy: web, nft: canary,
      mode: "none"),
    Node(
      testDescription: "kube-proxy's own table", nft: canary, evidence: table, mode: "nftables"),
    Node(testDescription: "the kubelet alone", nft: canary, mode: "none"),
    Node(testDescription: "nothing", mode: "none"),
  ]

  @Test("Is told by what the node has", arguments: nodes)
  func mode(_ node: Node) async throws {
    let metrics = try await Exporter(readings: [try node.reading]).metrics()
    #expect(metrics.all("iptables_kube_proxy_mode_info") == [["mode": node.mode]: 1])
  }

  @Test(
    "Rules for services in another mode are ghosts: a fault in each table that has some",
    arguments: nodes)
  func ghosts(_ node: Node) async throws {
    let metrics = try await Exporter(readings: [try node.reading]).metrics()
    let anomalies = metrics.all("iptables_anomalies").filter { $0.key["anomaly"] == "ghost_rules" }
    let tables = anomalies.filter { $0.value == 1 }.compactMap { $0.key["table"] }
    #expect(anomalies.values.reduce(0, +) == Double(tables.count))
    let isElsewhere = ["ipvs", "nftables"].contains(node.mode)
    let served = isElsewhere ? node.nft ?? node.legacy : nil
    let text = served?.text ?? ""
    let expected = [("filter", "has no endpoints"), ("nat", "-j KUBE-SVC-")].filter {
      table, words in
      text.contains(words)
    }.map(\.0)
    #expect(tables.sorted() == expected)
  }

  @Test("Ghosts go when the mode is iptables again, and the rules have stayed the same")
  func noMoreGhosts() async throws {
    func reading(_ evidence: NodeEvidence) throws -> RulesetReading {
      try Node(testDescription: "", nft: Self.web, evidence: evidence, mode: "").reading
    }
    let exporter = Exporter(
      readings: try [NodeEvidence(), Self.table, Self.interface, NodeEvidence()].map(reading))
    for expected in [0, 1, 1, 0] as [Double] {
      let ghosts = try await exporter.metrics().all("iptables_anomalies")[
        ["ip_family": "IPv4", "table": "nat", "anomaly": "ghost_rules"]]
      #expect(ghosts == expected)
    }
  }

  @Test("Is logged when it changes, and stays while a reading fails")
  func log() async throws {
    let log = LogRecord()
    let readings = try ["service ports", "kube-proxy's own table", "nothing"].map { name in
      try #require(Self.nodes.first { $0.testDescription == name })
    }.map { try $0.reading }
    let failed = RulesetReading(
      families: [.failed(.ipv4, .nft)], choice: BackendChoice(backend: .nft, reason: .rules))
    let exporter = Exporter(readings: [readings[0], failed] + readings, log)
    for mode in ["iptables", "iptables", "iptables", "nftables", "none", "none"] {
      let metrics = try await exporter.metrics()
      #expect(metrics.all("iptables_kube_proxy_mode_info") == [["mode": mode]: 1])
    }
    #expect(
      log.messages.filter { $0.contains("mode") } == [
        "info: kube-proxy's mode changed from=iptables to=nftables",
        "info: kube-proxy's mode changed from=nftables to=none",
      ])
  }

  @Test(
    "Chains of Kubernetes in both backends are told",
    arguments: [
      (web, web, 1), (web, canary, 1), (canary, canary, 1), (web, nil, 0), (nil, web, 0),
      (RulesetText(nat: "-A DOCKER -j RETURN"), web, 0), (nil, nil, 0),
    ] as [(RulesetText?, RulesetText?, Double)])
  func mixed(_ legacy: RulesetText?, _ nft: RulesetText?, _ isMixed: Double) async throws {
    for chosen in [Backend.legacy, .nft, nil] {
      let node = Node(
        testDescription: "", legacy: legacy, nft: nft, chosen: chosen, mode: "")
      let metrics = try await Exporter(readings: [try node.reading]).metrics()
      #expect(metrics.all("iptables_mixed_backends") == [[:]: isMixed])
    }
  }
}
