import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("The metrics agree with an account of iptables-save's words")
struct TextAccountTests {
  @Test("Of a dump read as a file", arguments: NodeState.all)
  func file(_ state: NodeState) async throws {
    try await expectAccount(Exporter(steps: [state.read()]).metrics(), state)
  }

  @Test("Of the kernel's tables", .liveKernel, arguments: NodeState.all)
  func kernel(_ state: NodeState) async throws {
    let readings = try withNetworkNamespace {
      let backend = state.fixtures[0].backend
      return try state.readFromKernel(backend.source(tables: Set(TableName.allCases)), backend)
    }
    try await expectAccount(Exporter(steps: [readings]).metrics(), state)
  }

  private func expectAccount(_ metrics: Scrape, _ state: NodeState) throws {
    for fixture in state.fixtures {
      let account = TextAccount(try fixture.bytes())
      expectTables(metrics, account.text, fixture)
      expectServices(metrics, account, fixture)
    }
  }

  private func expectTables(_ metrics: Scrape, _ text: SaveText, _ fixture: Fixture) {
    let labels = ["backend": fixture.backend.rawValue, "ip_family": fixture.family.rawValue]
    var rules: [Scrape.Labels: Double] = [:]
    var chains: [Scrape.Labels: Double] = [:]
    for (table, content) in text.tables {
      for chain in content.values {
        let series = labels.merging(["table": table, "kind": TextAccount.kind(of: chain)]) { $1 }
        rules[series, default: 0] += Double(chain.rules.count)
        chains[series, default: 0] += 1
      }
    }
    #expect(metrics.all("iptables_rules").of(fixture.family) == rules)
    #expect(metrics.all("iptables_chains").of(fixture.family) == chains)
    #expect(rules.values.reduce(0, +) == Double(text.ruleCount))
  }

  private func expectServices(_ metrics: Scrape, _ account: TextAccount, _ fixture: Fixture) {
    let family = ["ip_family": fixture.family.rawValue]
    func values(_ name: String, _ labels: Scrape.Labels = [:]) -> [String: Int] {
      metrics.nonzeroServices(name, where: family.merging(labels) { $1 }).mapValues { Int($0) }
    }
    #expect(values("rules", ["table": "nat"]) == account.natRules)
    #expect(values("rules", ["table": "filter"]) == account.filterRules)
    #expect(values("sep_chains") == account.sepChains)
    #expect(
      metrics["iptables_orphan_chains", family.merging(["table": "nat"]) { $1 }]
        == Double(account.orphanChains))
  }
}

extension [Scrape.Labels: Double] {
  /// The series of one family.
  fileprivate func of(_ family: IPFamily) -> Self {
    filter { $0.key["ip_family"] == family.rawValue }
  }
}
