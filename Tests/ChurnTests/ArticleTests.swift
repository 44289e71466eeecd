import Churn
import Netfilter
import Testing

/// The four diffs of "Kubernetes iptables changes on service creation" (2021-04-14), with the rules'
/// comments standing for their matches.
@Suite("The article's diffs")
struct ArticleTests {
  /// A service's creation: the order of KUBE-SERVICES before and after, and what the diff shows.
  struct Creation: CustomTestStringConvertible {
    let testDescription: String
    let service: String
    /// For each endpoint, its KUBE-SEP chain.
    let endpoints: [ChainName]
    let before: [String]
    let after: [String]
    let addedRules: Int
    /// The service ports whose two rules each the diff takes out above and puts in below.
    let moved: [String]
  }

  private static let https = "default/kubernetes:https"
  private static let dns = "kube-system/kube-dns:dns"
  private static let dnsTCP = "kube-system/kube-dns:dns-tcp"
  private static let metrics = "kube-system/kube-dns:metrics"

  static let creations = [
    Creation(
      testDescription: "one endpoint, with targetPort", service: "default/ngnix-service",
      endpoints: ["KUBE-SEP-KVGH6HHOFLBGG2WW"],
      before: [dns, dnsTCP, metrics, https],
      after: [dns, dnsTCP, "default/ngnix-service", metrics, https],
      addedRules: 7, moved: []),
    Creation(
      testDescription: "one endpoint, without targetPort", service: "default/ngnix-service",
      endpoints: ["KUBE-SEP-OP54BO3C6MKRBI5R"],
      before: [https, metrics, dns, dnsTCP],
      after: [dns, dnsTCP, "default/ngnix-service", https, metrics],
      addedRules: 7, moved: [https, metrics]),
    Creation(
      testDescription: "two endpoints, with targetPort", service: "default/ngnix2-service",
      endpoints: ["KUBE-SEP-KCPMBF3JPX5ITGQR", "KUBE-SEP-PPG4JXRVDYEFVT6U"],
      before: [dns, dnsTCP, metrics, https],
      after: [dns, dnsTCP, metrics, https, "default/ngnix2-service"],
      addedRules: 10, moved: []),
    Creation(
      testDescription: "two endpoints, without targetPort", service: "default/ngnix2-service",
      endpoints: ["KUBE-SEP-NK6MJN7AMVFQPBDQ", "KUBE-SEP-ZX65TQ3QUDHUAQQM"],
      before: [dns, dnsTCP, metrics, https],
      after: [dnsTCP, metrics, "default/ngnix2-service", dns, https],
      addedRules: 10, moved: [dns]),
  ]

  @Test("show the rules that came and those that were moved", arguments: creations)
  func creation(_ creation: Creation) throws {
    let before = table(services: creation.before)
    let after = table(
      services: creation.after, created: creation.service, endpoints: creation.endpoints)
    let changed = TableDifference(from: before, to: after).changedChains

    #expect(changed.filter { $0.chainChange == .added }.count == creation.endpoints.count + 1)
    #expect(changed.reduce(0) { $0 + $1.difference.added.count } == creation.addedRules)
    #expect(changed.allSatisfy { $0.difference.removed.isEmpty })
    #expect(changed.allSatisfy { $0.name == "KUBE-SERVICES" || $0.difference.moved.isEmpty })

    let services = try #require(changed.first { $0.name == "KUBE-SERVICES" })
    #expect(services.difference.added.count == 2)
    let rules = after.chains[try #require(services.newIndex)].rules
    let movedComments = services.difference.moved.map { rules[$0.to].comments.first?.text }
    #expect(movedComments == creation.moved.flatMap { [$0 + " cluster IP", $0 + " cluster IP"] })
  }

  private func table(
    services: [String], created: String? = nil, endpoints: [ChainName] = []
  ) -> TableContent {
    var dispatch = services.flatMap {
      rules(comment: $0 + " cluster IP", chain: $0 == created ? "KUBE-SVC-NEW" : "KUBE-SVC-OLD")
    }
    dispatch.append(Rule(comment: "kubernetes service nodeports", target: "KUBE-NODEPORTS"))
    let nodePorts = created.map { rules(comment: $0, chain: "KUBE-SVC-NEW") } ?? []
    var chains = [
      Chain(name: "PREROUTING", policy: .accept),
      Chain(name: "KUBE-NODEPORTS", rules: RuleList(nodePorts)),
      Chain(name: "KUBE-SERVICES", rules: RuleList(dispatch)),
    ]
    if let created {
      for endpoint in endpoints {
        chains.append(
          Chain(name: endpoint, rules: RuleList(rules(comment: created, chain: "DNAT"))))
      }
      let jumps = endpoints.map { Rule(comment: created, target: $0) }
      chains.append(Chain(name: "KUBE-SVC-NEW", rules: RuleList(jumps)))
    }
    return TableContent(family: .ipv4, name: .nat, chains: chains)
  }

  /// What most of kube-proxy's rules come as: one that marks for masquerading, and one that leads on.
  private func rules(comment: String, chain: ChainName) -> [Rule] {
    [
      Rule(comment: comment, target: "KUBE-MARK-MASQ"), Rule(comment: comment, target: chain),
    ]
  }
}
