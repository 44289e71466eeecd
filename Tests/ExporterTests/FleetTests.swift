import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("What nodes are compared by")
struct FleetTests {
  /// A service port with two endpoints as kube-proxy 1.28 writes it.
  private static let web = """
    -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    -A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
    -A KUBE-SERVICES -d 10.105.57.223/32 -p tcp -m comment --comment "default/ngnix-service cluster IP" -m tcp --dport 80 -j KUBE-SVC-FOI3G5ZK27IESILB
    -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix-service" -m tcp --dport 31224 -j KUBE-EXT-FOI3G5ZK27IESILB
    -A KUBE-EXT-FOI3G5ZK27IESILB -j KUBE-SVC-FOI3G5ZK27IESILB
    -A KUBE-SVC-FOI3G5ZK27IESILB -m comment --comment "default/ngnix-service -> 10.1.167.92:8000" -j KUBE-SEP-KVGH6HHOFLBGG2WW
    -A KUBE-SEP-KVGH6HHOFLBGG2WW -p tcp -m tcp -j DNAT --to-destination 10.1.167.92:8000
    """

  private static func metrics(_ nat: String, filter: String? = nil) async throws -> Scrape {
    try await Exporter(rulesets: [RulesetText(nat: nat, filter: filter)]).metrics()
  }

  private static func fingerprint(_ nat: String, filter: String? = nil) async throws -> Double? {
    try await metrics(nat, filter: filter)[
      "iptables_service_map_fingerprint", ["ip_family": "IPv4"]]
  }

  @Test("The fingerprint is an exact number, and the same wherever the services stand")
  func order() async throws {
    let lines = Self.web.split(separator: "\n").map(String.init)
    let other = (lines[0...1] + [lines[3], lines[2]] + lines[4...]).joined(separator: "\n")
    let fingerprint = try #require(try await Self.fingerprint(Self.web))
    #expect(fingerprint == fingerprint.rounded() && fingerprint < 0x1p53 && fingerprint > 0)
    #expect(try await Self.fingerprint(other) == fingerprint)
  }

  @Test(
    "The fingerprint is another where a cluster IP, a port, a node port or an endpoint is",
    arguments: [
      ("10.105.57.223", "10.105.57.224"), ("--dport 80 ", "--dport 81 "), ("31224", "31225"),
      (" -j KUBE-SEP-KVGH6HHOFLBGG2WW", " -j KUBE-SEP-XVGH6HHOFLBGG2WW"),
    ])
  func difference(_ old: String, _ new: String) async throws {
    let changed = Self.web.replacing(old, with: new)
    #expect(changed != Self.web)
    let fingerprints = (
      try await Self.fingerprint(Self.web),
      try await Self.fingerprint(changed.replacing("-A KUBE-SEP-KVG", with: "-A KUBE-SEP-XVG"))
    )
    if old.contains("SEP") {
      #expect(fingerprints.0 != fingerprints.1)
    } else {
      #expect(try await Self.fingerprint(changed) != fingerprints.0)
    }
  }

  @Test("The fingerprint has nothing in it that is local to a node")
  func local() async throws {
    let fingerprint = try await Self.fingerprint(Self.web)
    let policies = Self.web.replacing(
      "-A KUBE-EXT-FOI3G5ZK27IESILB -j KUBE-SVC",
      with: """
        -A KUBE-SVL-FOI3G5ZK27IESILB -j KUBE-SEP-KVGH6HHOFLBGG2WW
        -A KUBE-EXT-FOI3G5ZK27IESILB -j KUBE-SVL
        """)
    #expect(try await Self.fingerprint(policies) == fingerprint)
    // A node without an endpoint of its own drops what another dispatches.
    let dropped = Self.web.split(separator: "\n").filter { !$0.contains("31224") }
      .joined(separator: "\n")
    let filter = """
      -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/ngnix-service has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 31224 -j DROP
      """
    #expect(try await Self.fingerprint(dropped, filter: filter) == fingerprint)
    #expect(try await Self.fingerprint(dropped) != fingerprint)
  }

  @Test("The fingerprint goes the way of the service ports", arguments: NodeHistory.all)
  func histories(_ history: NodeHistory) async throws {
    let exporter = Exporter(steps: history.steps.map { $0.read() })
    for state in history.steps {
      let live = try await exporter.metrics()
      let fresh = try await Exporter(steps: [state.read()]).metrics()
      #expect(
        live.all("iptables_service_map_fingerprint")
          == fresh.all("iptables_service_map_fingerprint"), "\(state)")
    }
  }

  @Test("The hook's jump is counted from 1, and 0 where it is missing")
  func hookJump() async throws {
    let before = "-A PREROUTING -j ACCEPT\n" + Self.web
    let lines = Self.web.split(separator: "\n").dropFirst().joined(separator: "\n")
    for (rules, position) in [(Self.web, 1.0), (before, 2), (lines, 0)] {
      let metrics = try await Self.metrics(rules)
      let labels = ["ip_family": "IPv4", "table": "nat"]
      #expect(
        metrics["iptables_hook_jump_position", labels.merging(["chain": "PREROUTING"]) { $1 }]
          == position)
      #expect(
        metrics["iptables_hook_jump_position", labels.merging(["chain": "OUTPUT"]) { $1 }] == 1)
    }
    #expect(
      try await Self.metrics("-A PREROUTING -j ACCEPT").all("iptables_hook_jump_position").isEmpty)
  }
}
