import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Where a rule of a built-in chain stands")
struct RulePlacementTests {
  /// Rules of one chain, with what each of them is: the agent's kind, or nil where it is in a hook.
  struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let table: TableName
    let rules: [(text: String, agent: String?)]

    init(_ description: String, _ table: TableName, _ rules: [(text: String, agent: String?)]) {
      testDescription = description
      self.table = table
      self.rules = rules
    }

    func chain() throws -> Chain {
      let targets = Set(rules.compactMap { $0.text.split(separator: " ").last }).filter {
        $0.contains(#/[-_]/#) && !$0.hasPrefix("KUBE-")
      }
      let declarations = targets.map { "-A \($0) -j RETURN" }
      let lines = (rules.map(\.text) + declarations).joined(separator: "\n")
      let text = table == .nat ? RulesetText(nat: lines) : RulesetText(filter: lines)
      let chains = try #require(text.snapshot().table(table)).content.chains
      return try #require(chains.first { !$0.rules.isEmpty })
    }

    static let all = [
      Example(
        "a CNI's rules in POSTROUTING", .nat,
        [
          ("-A POSTROUTING -j KUBE-POSTROUTING", nil),
          ("-A POSTROUTING -s 10.244.0.7/32 -j CNI-0123456789abcdef01234567", "CNI"),
          ("-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE", nil),
          ("-A POSTROUTING -g my-rules", "other"),
        ]),
      Example(
        "before and behind kube-proxy's jump", .nat,
        [
          ("-A PREROUTING -j cali-PREROUTING", nil), ("-A PREROUTING -j KUBE-SERVICES", nil),
          ("-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-USER", "DOCKER"),
          ("-A PREROUTING -p tcp -j ACCEPT", nil),
        ]),
      Example(
        "a chain from which nothing leads to kube-proxy", .nat,
        [
          ("-A INPUT -j CNI-A", "CNI"), ("-A INPUT -p tcp -j DROP", nil),
          ("-A INPUT -j KUBE-KUBELET-CANARY", nil),
        ]),
      Example(
        "between kube-proxy's jumps", .filter,
        [
          ("-A FORWARD -j KUBE-FORWARD", nil), ("-A FORWARD -j DOCKER-USER", nil),
          ("-A FORWARD -j KUBE-EXTERNAL-SERVICES", nil),
          ("-A FORWARD -g KUBE-ROUTER-FORWARD", "KUBE-ROUTER"),
        ]),
      Example(
        "a jump that is there twice, and the kubelet's", .filter,
        [
          ("-A OUTPUT -j KUBE-SERVICES", nil), ("-A OUTPUT -j cali-OUTPUT", "CALICO"),
          ("-A OUTPUT -j KUBE-SERVICES", nil), ("-A OUTPUT -j KUBE-FIREWALL", nil),
          ("-A OUTPUT -j CILIUM_OUTPUT", "CILIUM"),
        ]),
    ]
  }

  @Test(
    "It is an agent's where it leads there and comes behind kube-proxy's jumps, or there is none",
    arguments: Example.all)
  func placement(_ example: Example) throws {
    let chain = try example.chain()
    let placements = RulePlacements(chain)
    #expect(placements.common == nil)
    for (position, rule) in example.rules.enumerated() {
      let placement = placements[position]
      #expect(placement.scope == (rule.agent == nil ? .hook : .other), "\(rule.text)")
      #expect(placement.kind == rule.agent ?? "builtin", "\(rule.text)")
    }
  }

  @Test("A removed rule is judged by the old order, an added one by the new, a moved one by both")
  func change() throws {
    func chain(_ rules: String) throws -> Chain {
      let nat = try #require(RulesetText(nat: rules).snapshot().table(.nat))
      return try #require(nat.content.chains.first { $0.name == "PREROUTING" })
    }
    let jump = "-A PREROUTING -j KUBE-SERVICES"
    let agent = "-A PREROUTING -j DOCKER\n-A DOCKER -j RETURN"
    let before = try chain("\(agent)\n\(jump)")
    let behind = try chain("\(jump)\n\(agent)")
    let alone = try chain(agent)
    #expect(ChangedPlacements(from: before, to: nil).place(from: 0, to: nil)?.scope == .hook)
    #expect(ChangedPlacements(from: behind, to: nil).place(from: 1, to: nil)?.scope == .other)
    #expect(ChangedPlacements(from: nil, to: before).place(from: nil, to: 0)?.scope == .hook)
    #expect(ChangedPlacements(from: before, to: behind).place(from: 0, to: 1)?.scope == .hook)
    #expect(ChangedPlacements(from: behind, to: before).place(from: 1, to: 0)?.scope == .hook)
    #expect(ChangedPlacements(from: behind, to: alone).place(from: 1, to: 0)?.scope == .other)
  }

  @Test("All rules of a chain that isn't built in stand where the chain does")
  func common() throws {
    let chain = Chain(
      name: "KUBE-SERVICES", rules: RuleList(["-j CNI-A"]))
    #expect(RulePlacements(chain).common == RulePlacement(chain))
    #expect(RulePlacements(chain)[0].scope == .dispatch)
  }
}
