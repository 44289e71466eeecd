import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("The scopes of rules that change")
struct ScopeTests {
  /// What changed from one rule set to the next, by table, scope and change.
  private func changes(from old: RulesetText, to new: RulesetText) async throws -> [String: Double]
  {
    let exporter = try Exporter(rulesets: [old, new])
    _ = try await exporter.metrics()
    let metrics = try await exporter.metrics()
    return Dictionary(
      uniqueKeysWithValues: metrics.all("iptables_rule_changes_total").filter { $0.value > 0 }.map {
        labels, value in
        (["table", "scope", "change"].compactMap { labels[$0] }.joined(separator: " "), value)
      })
  }

  private static let postrouting = "-A POSTROUTING -j KUBE-POSTROUTING"
  private static let pod = """
    -A POSTROUTING -s 10.244.0.7/32 -j CNI-5d0e
    -A CNI-5d0e -d 10.244.0.0/24 -j ACCEPT
    -A CNI-5d0e ! -d 224.0.0.0/4 -j MASQUERADE
    """

  @Test("A pod's rules in POSTROUTING are its CNI's, if they stand behind kube-proxy's jump")
  func pods() async throws {
    let without = RulesetText(nat: Self.postrouting)
    let behind = RulesetText(nat: "\(Self.postrouting)\n\(Self.pod)")
    let before = RulesetText(nat: "\(Self.pod)\n\(Self.postrouting)")
    #expect(try await changes(from: without, to: behind) == ["nat other added": 3])
    #expect(try await changes(from: behind, to: without) == ["nat other removed": 3])
    #expect(
      try await changes(from: without, to: before)
        == ["nat hook added": 1, "nat other added": 2])
    #expect(try await changes(from: behind, to: before) == ["nat hook moved": 1])
    #expect(try await changes(from: before, to: behind) == ["nat hook moved": 1])
  }

  @Test("Only the order of agents' rules behind the jump is theirs")
  func order() async throws {
    func rules(_ pods: [Int]) -> RulesetText {
      let rules = pods.map { "-A POSTROUTING -s 10.244.0.\($0)/32 -j CNI-5d0e" }
      return RulesetText(
        nat: ([Self.postrouting] + rules + ["-A CNI-5d0e -j MASQUERADE"]).joined(separator: "\n"))
    }
    #expect(try await changes(from: rules([7, 8]), to: rules([8, 7])) == ["nat other moved": 1])
  }

  @Test("kube-router's chains are an agent's, and not Kubernetes'")
  func kubeRouter() async throws {
    func rules(_ hash: String) -> RulesetText {
      RulesetText(
        nat: Self.postrouting,
        filter: """
          -A INPUT -j KUBE-ROUTER-INPUT
          -A KUBE-ROUTER-INPUT -s 10.42.0.7/32 -j KUBE-POD-FW-\(hash)
          -A KUBE-POD-FW-\(hash) -j KUBE-NWPLCY-\(hash)
          -A KUBE-NWPLCY-\(hash) -j ACCEPT
          """)
    }
    #expect(
      try await changes(from: rules("2GD4ZVJ7C65IYZ3X"), to: rules("3SFR6VKEAYH3KPPT"))
        == ["filter other added": 3, "filter other removed": 3])
    let metrics = try await Exporter(rulesets: [rules("2GD4ZVJ7C65IYZ3X")]).metrics()
    for (kind, count) in [("KUBE-ROUTER", 3.0), ("KUBE-other", 0)] {
      #expect(metrics.sum("iptables_chains", where: ["table": "filter", "kind": kind]) == count)
    }
  }

  @Test("KUBE-PROXY-FIREWALL is written in map order, as KUBE-SERVICES is")
  func proxyFirewall() async throws {
    func rules(_ addresses: [Int]) -> RulesetText {
      RulesetText(
        filter: addresses.map {
          "-A KUBE-PROXY-FIREWALL -d 172.30.0.\($0)/32 -p tcp -m tcp --dport 80 -j DROP"
        }.joined(separator: "\n"))
    }
    #expect(
      try await changes(from: rules([1, 2, 3]), to: rules([3, 1, 2]))
        == ["filter dispatch moved": 1])
  }

  @Test("Rules that were written again stand where others do")
  func rewritten() async throws {
    let handles = HandleCounter()
    let snapshot = try RulesetText(nat: "\(Self.postrouting)\n\(Self.pod)").snapshot()
    let old = snapshot.with(handles: handles.handle)
    handles.rewrite { _ in true }
    let exporter = Exporter(
      steps: [old, snapshot.with(handles: handles.handle)].map { [FamilyReading($0)] })
    _ = try await exporter.metrics()
    let metrics = try await exporter.metrics()
    for (scope, count) in [("hook", 1.0), ("other", 3.0)] {
      #expect(
        metrics.sum("iptables_rules_rewritten_total", where: ["table": "nat", "scope": scope])
          == count)
    }
  }
}
