import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Churn agrees with a comparison of iptables-save's lines")
struct ChurnAccountTests {
  @Test("From dump to dump of a node", arguments: NodeHistory.changing)
  func files(_ history: NodeHistory) async throws {
    try await expectChurn(of: history, readings: history.steps.map { $0.read() })
  }

  @Test(
    "From state to state of the kernel's tables", .liveKernel,
    arguments: NodeHistory.changing, Backend.allCases)
  func kernel(_ history: NodeHistory, _ backend: Backend) async throws {
    let readings = try withNetworkNamespace {
      let source = backend.source(tables: Set(TableName.allCases))
      return try history.steps.map { try $0.readFromKernel(source, backend) }
    }
    try await expectChurn(of: history, readings: readings)
  }

  /// By address family and service port, what changed so far.
  private typealias Totals = [IPFamily: [String: [TextDifference.Change: Int]]]

  /// Scrapes after each state, and expects that what changed is what the lines say.
  private func expectChurn(of history: NodeHistory, readings: [[FamilyReading]]) async throws {
    let exporter = Exporter(steps: readings)
    var totals: Totals = [:]
    var before = try await exporter.metrics()
    for (old, new) in zip(history.steps, history.steps.dropFirst()) {
      let after = try await exporter.metrics()
      for (oldFixture, newFixture) in zip(old.fixtures, new.fixtures) {
        let accounts = (
          TextAccount(try oldFixture.bytes()), TextAccount(try newFixture.bytes())
        )
        expectTables(Growth(before: before, after: after), accounts, newFixture)
        expectServices(after, accounts, newFixture, &totals)
      }
      before = after
    }
  }

  private struct Growth {
    let before: Scrape
    let after: Scrape

    func sum(_ name: String, where labels: Scrape.Labels) -> Int {
      Int(after.sum(name, where: labels) - before.sum(name, where: labels))
    }
  }

  private func expectTables(
    _ growth: Growth, _ accounts: (TextAccount, TextAccount), _ fixture: Fixture
  ) {
    for table in accounts.1.text.tables.keys {
      let difference = TextDifference(table, from: accounts.0.text, to: accounts.1.text)
      let labels = ["ip_family": fixture.family.rawValue, "table": table]
      for change in TextDifference.Change.allCases {
        let expected = difference.rules.count { $0.change == change }
        let labels = labels.merging(["change": change.rawValue]) { $1 }
        #expect(growth.sum("iptables_rule_changes_total", where: labels) == expected)
        #expect(
          Int(growth.after.sum("iptables_rule_changes_since_last_scrape", where: labels))
            == expected)
      }
      for (change, chains) in [
        ("added", difference.addedChains), ("removed", difference.removedChains),
      ] {
        let labels = labels.merging(["change": change]) { $1 }
        #expect(growth.sum("iptables_chain_changes_total", where: labels) == chains.count)
      }
    }
  }

  private func expectServices(
    _ metrics: Scrape, _ accounts: (TextAccount, TextAccount), _ fixture: Fixture,
    _ totals: inout Totals
  ) {
    var moved: [String: Int] = [:]
    for changed in TextDifference("nat", from: accounts.0.text, to: accounts.1.text).rules {
      let account = changed.change == .removed ? accounts.0 : accounts.1
      guard let owner = account.owner(of: changed.rule, in: changed.chain) else { continue }
      totals[fixture.family, default: [:]][owner, default: [:]][changed.change, default: 0] += 1
      if changed.change == .moved { moved[owner, default: 0] += 1 }
    }
    for service in metrics.services(fixture.family) {
      for change in TextDifference.Change.allCases {
        let total = metrics.service(
          service, "rule_changes_total", fixture.family, and: ["change": change.rawValue])
        let expected = totals[fixture.family]?[service]?[change] ?? 0
        #expect(total == Double(expected), "\(service) \(change) \(fixture)")
      }
      #expect(
        metrics.service(service, "rules_moved_since_last_scrape", fixture.family)
          == Double(moved[service] ?? 0), "\(service) \(fixture)")
    }
  }
}
