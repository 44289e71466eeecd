import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Whose every rule is")
struct ServiceMapTests {
  @Test("Every version's rules are understood", arguments: RulesetExample.versions)
  func version(_ example: RulesetExample) throws { try example.check() }

  @Test(
    "The filter table names service ports that have no endpoints", arguments: RulesetExample.blocked
  )
  func blocked(_ example: RulesetExample) throws { try example.check() }

  @Test("A chain's hash decides", arguments: RulesetExample.contradictions)
  func contradiction(_ example: RulesetExample) throws { try example.check() }

  @Test(
    "No rule is attributed to a service port that its chain's hash contradicts",
    arguments: RulesetExample.foreignEndpoints)
  func foreignEndpoint(_ example: RulesetExample) throws { try example.check() }

  @Test(
    "A changed destination takes no chain from its service port",
    arguments: RulesetExample.changedDestination)
  func changedDestination(_ example: RulesetExample) throws { try example.check() }

  @Test("The connections of a SEP that two lead to are its owner's")
  func connectionsOfSharedEndpoint() throws {
    let snapshot = try RulesetText(
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "shop/cart cluster IP" -m tcp --dport 80 -j KUBE-SVC-N5W5PH5NLY2BP4HG
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-2KA2JGVS2H3L7CFV
        -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-2KA2JGVS2H3L7CFV
        -A KUBE-SEP-2KA2JGVS2H3L7CFV -s 10.0.0.1/32 -j KUBE-MARK-MASQ
        -A KUBE-SEP-2KA2JGVS2H3L7CFV -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        """
    ).snapshot()
    let map = ServiceMap(snapshot)
    let rule = try #require(map.connectionRules.first)
    #expect(map.connectionRules.count == 1)
    #expect(map.services[Int(rule.service)].port.name == "cart")
    let content = try #require(snapshot.table(.nat)?.content)
    #expect(content.chains[Int(rule.chain)].name == "KUBE-SEP-2KA2JGVS2H3L7CFV")
    #expect(Int(rule.rule) == content.firstRules[Int(rule.chain)] + 1)
  }

  @Test("Without tables there is nothing")
  func noTables() throws {
    let map = ServiceMap(nat: nil, filter: nil, previous: nil)
    #expect(map.services.isEmpty && map.orphanChains == 0)
    expectConsistent(map, nil, nil)
    try RulesetExample("", nat: "", filter: "", services: []).check()
  }

  @Test("Of a service chain without a name, it is known why it has none")
  func unnamed() throws {
    let named = (1...2).map { number in
      #"-A KUBE-SERVICES -p tcp -m comment --comment "shop/web cluster IP" "#
        + "-j KUBE-SVC-AAAAAAAAAAAAAA2\(number + 1)"
    }
    let bare = [
      "-A KUBE-NODEPORTS -p tcp -j KUBE-EXT-BBBBBBBBBBBBBBBB",
      "-A KUBE-SERVICES -p tcp -m comment --comment somebody -j KUBE-EXT-BBBBBBBBBBBBBBBB",
      // One of two rules that name it is enough for a contradiction.
      "-A KUBE-NODEPORTS -p tcp -j KUBE-SVC-AAAAAAAAAAAAAA22",
    ]
    let first = try ServiceMap(
      RulesetText(nat: (named + bare).joined(separator: "\n")).snapshot())
    #expect(first.services.isEmpty)
    #expect(first.unnamed.withoutName == 1 && first.unnamed.contradicted == 2)
    #expect(
      first.unnamed.notice
        == "3 service chains are of no known service port: no comment says whose "
        + "(1), or the chain's hash contradicts the comment (2)")
    let second = try ServiceMap(RulesetText(nat: bare[0]).snapshot())
    #expect(
      second.unnamed.notice == "1 service chain is of no known service port: no comment says whose")
    #expect((first.unnamed + second.unnamed).count == 4)
    #expect(ServiceMap(nat: nil, filter: nil).unnamed.notice == nil)
  }

  @Test("Every account of a real node's rules agrees", arguments: Fixture.all)
  func realNode(_ fixture: Fixture) throws {
    let snapshot = try fixture.snapshot()
    let map = ServiceMap(snapshot)
    expectConsistent(map, snapshot)
    #expect(map.unnamed.count == 0)
  }
}
