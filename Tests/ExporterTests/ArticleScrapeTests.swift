import Collectors
import FoundationEssentials
import IPTablesSource
import TestSupport
import Testing

@Suite("The article's four diffs, as metrics")
struct ArticleScrapeTests {
  @Test("The rules that moved, by service port", arguments: ArticleCreation.all)
  func creation(_ creation: ArticleCreation) async throws {
    let file = RulesFile()
    try file.write(try creation.before().bytes)
    let exporter = Exporter(SaveFileSource(paths: [file.path]))
    let first = try await exporter.metrics()
    #expect(first.nonzeroServices("rules_moved_since_last_scrape").isEmpty)
    #expect(first.services().count == 4)

    try file.write(try creation.after().bytes)
    let second = try await exporter.metrics()
    let moved = Dictionary(uniqueKeysWithValues: creation.moved.map { ($0, 2.0) })
    #expect(second.nonzeroServices("rules_moved_since_last_scrape") == moved)
    #expect(second.nonzeroServices("rule_changes_total", where: ["change": "moved"]) == moved)
    #expect(
      second.nonzeroServices("rule_changes_total", where: ["change": "added"])
        == [creation.service: Double(creation.addedRules)])
    #expect(second.nonzeroServices("rule_changes_total", where: ["change": "removed"]).isEmpty)

    let third = try await exporter.metrics()
    #expect(third.nonzeroServices("rules_moved_since_last_scrape").isEmpty)
    #expect(third.nonzeroServices("rule_changes_total", where: ["change": "moved"]) == moved)
  }

  @Test("Where the changed rules stand", arguments: ArticleCreation.all)
  func scopes(_ creation: ArticleCreation) async throws {
    let exporter = try Exporter(rulesets: [creation.before(), creation.after()])
    _ = try await exporter.metrics()
    let metrics = try await exporter.metrics()
    for name in ["iptables_rule_changes_total", "iptables_rule_changes_since_last_scrape"] {
      func changes(_ scope: String, _ change: String) -> Double? {
        metrics[
          name, ["ip_family": "IPv4", "table": "nat", "scope": scope, "change": change]]
      }
      #expect(changes("dispatch", "moved") == Double(2 * creation.moved.count))
      #expect(changes("dispatch", "added") == 4)
      #expect(changes("service", "added") == Double(creation.addedRules - 4))
      #expect(metrics.sum(name) == Double(2 * creation.moved.count + creation.addedRules))
    }
    let endpoints = metrics.service(creation.service, "sep_chains")
    let chains = { (kind: String) in
      metrics[
        "iptables_chain_changes_total",
        ["ip_family": "IPv4", "table": "nat", "kind": kind, "change": "added"]]
    }
    #expect(chains("KUBE-SVC") == 1)
    #expect(chains("KUBE-SEP") == endpoints)
    #expect(metrics.sum("iptables_chain_changes_total", where: ["change": "removed"]) == 0)
  }

  @Test("The time of the change stays until the next")
  func lastChange() async throws {
    let creation = ArticleCreation.messiest
    let states = [try creation.before(), try creation.after(), try creation.after()]
    let exporter = try Exporter(rulesets: states)
    let name = "iptables_table_last_change_timestamp_seconds"
    #expect(try await exporter.metrics().all(name).isEmpty)
    let changed = try await exporter.metrics().all(name)
    let time = try #require(changed[["ip_family": "IPv4", "table": "nat"]])
    #expect(changed.count == 1)
    #expect(abs(time - Date().timeIntervalSince1970) < 600)
    #expect(try await exporter.metrics().all(name) == changed)
  }
}
