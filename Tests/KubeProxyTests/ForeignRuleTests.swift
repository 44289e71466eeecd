import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Rules that neither kube-proxy nor the kubelet writes")
struct ForeignRuleTests {
  @Test("A dump of a real kube-proxy has none, whoever else wrote rules", arguments: Fixture.all)
  func fixtures(_ fixture: Fixture) throws {
    for table in try fixture.snapshot().tables { #expect(table.content.foreignRules.isEmpty) }
  }

  @Test("The rules of each version have none", arguments: RulesetExample.versions)
  func versions(_ example: RulesetExample) throws {
    for table in try example.ruleset.snapshot().tables {
      #expect(Self.found(in: table.content) == [])
    }
  }

  private static let service = "KUBE-SVC-E3PXEPMWAWIUT6ZV"
  private static let endpoint = "KUBE-SEP-VP6OJ43POX7BU522"

  /// Rules of nat that are foreign.
  private static let natRules = [
    "-A KUBE-MARK-MASQ -j LOG", "-A KUBE-MARK-MASQ -p tcp -j MARK --set-xmark 0x4000/0x4000",
    "-A KUBE-MARK-MASQ -j RETURN", "-A KUBE-POSTROUTING -j RETURN",
    "-A KUBE-POSTROUTING -j MASQUERADE", "-A KUBE-POSTROUTING -s 10.0.0.0/8 -j ACCEPT",
    "-A KUBE-SERVICES -d 10.96.0.10/32 -j ACCEPT", "-A KUBE-SERVICES -j LOG --log-prefix x",
    "-A KUBE-SERVICES -j MY-CHAIN", "-A KUBE-SERVICES -m set --match-set a dst -j \(service)",
    "-A KUBE-NODEPORTS -p tcp -m tcp --dport 22 -j ACCEPT", "-A KUBE-NODEPORTS -j DROP",
    "-A \(service) -s 192.0.2.1/32 -j ACCEPT", "-A \(service) -j DNAT --to-destination 10.0.0.1:80",
    "-A \(service) -m limit --limit 1/sec -j \(endpoint)", "-A \(endpoint) -j LOG",
    "-A KUBE-PROXY-CANARY -j ACCEPT", "-A POSTROUTING -s 10.244.0.0/16 -j KUBE-MARK-MASQ",
    "-A CNI-DN-0123456789abcdef -j KUBE-MARK-MASQ", "-A DOCKER -j KUBE-SERVICES",
    "-A PREROUTING -j \(service)", "-A PREROUTING -j KUBE-SERVICES",
    #"-A PREROUTING -m comment --comment "my services" -j KUBE-SERVICES"#,
    "-A KUBE-ROUTER-FORWARD -g KUBE-SERVICES",
  ]

  /// Those of filter.
  private static let filterRules = [
    "-A KUBE-FORWARD -j ACCEPT", "-A KUBE-FORWARD -j DROP",
    "-A KUBE-FORWARD -s 10.0.0.0/8 -j ACCEPT",
    "-A KUBE-SERVICES -j REJECT --reject-with icmp-port-unreachable", "-A KUBE-FIREWALL -j DROP",
    #"-A KUBE-SERVICES -d 10.96.0.1/32 -m comment --comment "shop/web is closed" -j REJECT"#,
    #"-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 22 -j ACCEPT"#,
    "-A KUBE-PROXY-FIREWALL -j DROP", "-A KUBE-EXTERNAL-SERVICES -p tcp -j DROP",
    #"-A INPUT -s 192.0.2.1/32 -m comment --comment "kubernetes service portals" -j KUBE-SERVICES"#,
    "-A FORWARD -i eth0 -m limit --limit 5/sec -j KUBE-FIREWALL",
  ]

  @Test("Each is found where it stands, alone", arguments: natRules)
  func nat(_ rule: String) throws {
    let own = """
      -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
      -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
      -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j \(Self.service)
      -A \(Self.service) -m comment --comment "shop/web -> 10.0.0.1:80" -j \(Self.endpoint)
      -A \(Self.endpoint) -s 10.0.0.1/32 -j KUBE-MARK-MASQ
      -A \(Self.endpoint) -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
      -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
      """
    let content = try #require(
      try RulesetText(nat: own + "\n" + rule).snapshot().table(.nat)?.content)
    let kind: ForeignRule.Kind =
      rule.hasPrefix("-A KUBE-") && !rule.contains("ROUTER") ? .inside : .into
    #expect(Self.found(in: content) == [rule])
    #expect(content.foreignRules.map(\.kind) == [kind])
  }

  @Test("In filter, too", arguments: filterRules)
  func filter(_ rule: String) throws {
    let own = """
      -A INPUT -j KUBE-FIREWALL
      -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
      -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
      """
    let content = try #require(
      try RulesetText(nat: nil, filter: own + "\n" + rule).snapshot().table(.filter)?.content)
    #expect(Self.found(in: content).map { $0.prefix(40) } == [rule.prefix(40)])
  }

  @Test("What others write in chains of their own is their business")
  func others() throws {
    let nat = """
      -A PREROUTING -j KUBE-ROUTER-INPUT
      -A KUBE-ROUTER-INPUT -j ACCEPT
      -A KUBE-POD-FW-AAAAAAAAAAAAAAAA -j LOG
      -A DOCKER -j RETURN
      -A KUBE-LOAD-BALANCER -m set --match-set a dst -j RETURN
      """
    let content = try #require(try RulesetText(nat: nat).snapshot().table(.nat)?.content)
    #expect(content.foreignRules.isEmpty)
  }

  private static func found(in content: TableContent) -> [String] {
    content.foreignRules.map { rule in
      let chain = content.chains[rule.chain]
      return chain.rules[rule.position].text(in: chain.name)
    }
  }
}
