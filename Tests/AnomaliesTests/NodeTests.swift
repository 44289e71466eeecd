import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("Nodes on which nothing is wrong")
struct NodeTests {
  /// A node's rules of kube-proxy, without any agent's.
  private static let nodes = ["legacy-1.21/d-12-multiport", "legacy-1.36/a-00-baseline"]

  @Test("An agent's rules beside kube-proxy's are no fault", arguments: AgentRules.all, nodes)
  func agent(_ agent: AgentRules, _ node: String) throws {
    var text = try DumpText(Fixture(node + ".rules"))
    text.write(agent)
    try expectNothing(text)
  }

  @Test("Nor are all of them together")
  func agents() throws {
    for node in Self.nodes {
      var text = try DumpText(Fixture(node + ".rules"))
      for agent in AgentRules.all { text.write(agent) }
      try expectNothing(text)
    }
  }

  private func expectNothing(_ text: DumpText) throws {
    let snapshot = try text.snapshot()
    let findings = Inspection(snapshot, mode: KubeProxyMode(of: [snapshot])).findings
    #expect(findings.map { "\($0.summary): \($0.detail)" } == [])
  }

  @Test("Without kube-proxy, the kubelet's chains and an agent's are no fault")
  func kubelet() throws {
    let filter = """
      -A INPUT -j KUBE-FIREWALL
      -A OUTPUT -j KUBE-FIREWALL
      -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
      -A INPUT -m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT
      -A CILIUM_INPUT -m mark --mark 0x200/0xf00 -j ACCEPT
      """
    let nat = """
      -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
      -A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
      -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
      -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
      -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
      -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
      """
    let snapshot = try RulesetText(nat: nat, filter: filter).snapshot()
    #expect(Inspection(snapshot, mode: KubeProxyMode(of: [snapshot])).findings.isEmpty)
  }

  @Test("A kube-proxy in IPVS mode leaves iptables' services empty")
  func ipvs() throws {
    let nat = """
      -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
      -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
      -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
      -A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
      -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
      -A KUBE-NODE-PORT -p tcp -m comment --comment "Kubernetes nodeport TCP port for masquerade purpose" -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ
      -A KUBE-POSTROUTING -m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose" -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE
      -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
      -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
      -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
      -A KUBE-SERVICES ! -s 10.244.0.0/16 -m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
      -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
      -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
      """
    for text in [nat, nat.split(separator: "\n").dropLast(3).joined(separator: "\n")] {
      let snapshot = try RulesetText(nat: text, filter: "").snapshot()
      #expect(KubeProxyMode(of: [snapshot]) == .ipvs)
      #expect(Inspection(snapshot, mode: .ipvs).findings.map(\.summary) == [])
    }
  }

  /// kube-proxy makes each chain and leads to it, filter's first. Then it restores filter, and nat behind it.
  @Test("No moment of a kube-proxy's start or sync looks like tampering", arguments: nodes)
  func start(_ node: String) throws {
    let whole = try Fixture(node + ".rules").snapshot()
    var history: History?
    var seen = 0
    for step in SyncStep.all(of: whole) {
      let snapshot = try step.snapshot(of: whole)
      let next = History(snapshot, mode: KubeProxyMode(of: [snapshot]), after: history)
      let severities = next.inspection.findings.map(\.anomaly.severity)
      #expect(
        !severities.contains(.critical), "\(step): \(next.inspection.findings.map(\.summary))")
      seen += severities.count
      history = next
    }
    #expect(seen > 0)
    #expect(history?.inspection.findings.map(\.summary) == [])
  }
}

/// How far kube-proxy has come in its first sync.
private struct SyncStep {
  /// How many of the built-in chains' rules are there, of filter and then of nat.
  let jumps: Int
  let isFilterRestored: Bool
  let isNATRestored: Bool

  static func all(of whole: FamilySnapshot) -> [SyncStep] {
    let count = tables.compactMap { whole.table($0)?.content }.reduce(0) { $0 + jumps($1) }
    return (0...count).map { SyncStep(jumps: $0, isFilterRestored: false, isNATRestored: false) }
      + [
        SyncStep(jumps: count, isFilterRestored: true, isNATRestored: false),
        SyncStep(jumps: count, isFilterRestored: true, isNATRestored: true),
      ]
  }

  private static let tables: [TableName] = [.filter, .nat]

  private static func jumps(_ content: TableContent) -> Int {
    content.firstRules[content.builtInCount]
  }

  func snapshot(of whole: FamilySnapshot) throws -> FamilySnapshot {
    var left = jumps
    let tables = whole.tables.sorted { $0.name == .filter && $1.name != .filter }.map { table in
      guard Self.tables.contains(table.name) else { return table }
      let isRestored = table.name == .nat ? isNATRestored : isFilterRestored
      let content = table.content
      let builtIn = content.chains.prefix(content.builtInCount).map { chain in
        let rules = chain.rules.prefix(left)
        left -= rules.count
        return Chain(name: chain.name, policy: chain.policy, rules: RuleList(rules))
      }
      let targets = Set(builtIn.flatMap { $0.rules.compactMap(\.chain) })
      let others = content.chains.dropFirst(content.builtInCount).compactMap { chain in
        isRestored
          ? chain
          : targets.contains(chain.name) || chain.name.hasPrefix("KUBE-PROXY-CANARY")
            ? Chain(name: chain.name) : nil
      }
      let part = TableContent(family: content.family, name: content.name, chains: builtIn + others)
      return TableSnapshot(
        content: part, counters: Array(repeating: Counter(), count: part.ruleCount),
        policyCounters: table.policyCounters)
    }
    return FamilySnapshot(backend: whole.backend, family: whole.family, tables: tables)
  }
}

extension DumpText {
  /// Writes an agent's rules, and makes their chains.
  fileprivate mutating func write(_ agent: AgentRules) {
    var made: Set<String> = []
    for line in agent.rules.split(separator: "\n").map(String.init) {
      let words = line.split(separator: " ").map(String.init)
      let (table, command) = (words[0], words[1])
      let rule = "-A " + words.dropFirst(2).joined(separator: " ")
      let target = words.lastIndex { $0 == "-j" || $0 == "-g" }.map { words[$0 + 1] }
      ensure(nil, table)
      for chain in [words[2], target].compactMap(\.self) where Self.isOwn(chain) {
        if made.insert("\(table) \(chain)").inserted { ensure(chain, table) }
      }
      if command == "-I" { insert(rule, table) } else { append(rule, table) }
    }
  }

  private static func isOwn(_ chain: String) -> Bool {
    let targets = [
      "ACCEPT", "DROP", "RETURN", "REJECT", "MARK", "MASQUERADE", "DNAT", "CT", "NOTRACK",
    ]
    return !targets.contains(chain)
      && !TableName.mangle.builtInChains.map(\.description).contains(chain)
  }
}
