import Exporter
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("A reading that fails")
struct FailedReadingTests {
  private static let creation = ArticleCreation.messiest
  private static let web = RulesetText(
    .ipv6,
    nat: """
      -A KUBE-SERVICES -d fd00:96::9/128 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
      -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-VP6OJ43POX7BU522
      -A KUBE-SEP-VP6OJ43POX7BU522 -p tcp -m tcp -j DNAT --to-destination [fd00::1]:80
      """)

  /// IPv4 is read, can't be, and is read again with changes; IPv6 stays as it is.
  private func exporter() throws -> Exporter {
    let six = try FamilyReading(Self.web)
    return Exporter(steps: [
      [try FamilyReading(Self.creation.before()), six], [.failed(.ipv4), six],
      [.failed(.ipv4), six],
      [try FamilyReading(Self.creation.after()), six],
    ])
  }

  @Test("Takes the family's series away, and no other's")
  func series() async throws {
    let exporter = try exporter()
    let good = try await exporter.metrics()
    #expect(good["iptables_up", ["backend": "legacy", "ip_family": "IPv4"]] == 1)
    #expect(good["iptables_up", ["backend": "legacy", "ip_family": "IPv6"]] == 1)
    #expect(Set(good.all("iptables_scrape_collector_success").values) == [1])

    let failed = try await exporter.metrics()
    #expect(failed["iptables_up", ["backend": "legacy", "ip_family": "IPv4"]] == 0)
    #expect(failed["iptables_up", ["backend": "legacy", "ip_family": "IPv6"]] == 1)
    let left = failed.series.filter { $0.labels["ip_family"] == "IPv4" }
    // The totals of changes are true whatever becomes of a reading.
    let totals = [
      "iptables_rule_changes_total", "iptables_rule_changes_since_last_scrape",
      "iptables_rules_rewritten_total",
    ]
    #expect(Set(left.map(\.name)) == Set(totals + ["iptables_up"]))
    #expect(failed.services(.ipv6) == ["shop/web TCP"])
    #expect(failed.all("iptables_scrape_collector_success").count == CollectorName.byDefault.count)
    #expect(Set(failed.all("iptables_scrape_collector_success").values) == [0])
  }

  @Test("Changes nothing: the next good one is compared with the last good one")
  func comparison() async throws {
    let exporter = try exporter()
    for _ in 1...3 { _ = try await exporter.metrics() }
    let again = try await exporter.metrics()
    let moved = Dictionary(uniqueKeysWithValues: Self.creation.moved.map { ($0, 2.0) })
    #expect(again.nonzeroServices("rules_moved_since_last_scrape") == moved)
    #expect(again.sum("iptables_rule_changes_total") == 11)
    #expect(Set(again.all("iptables_scrape_collector_success").values) == [1])
  }

  @Test("At first leaves nothing but that")
  func firstReading() async throws {
    let exporter = Exporter(steps: [
      [.failed(.ipv4), .failed(.ipv6)], [try FamilyReading(Self.web)],
    ])
    let failed = try await exporter.metrics()
    #expect(failed.all("iptables_up").values.allSatisfy { $0 == 0 })
    #expect(failed.all("iptables_up").count == 2)
    #expect(failed.services().isEmpty && failed.services(.ipv6).isEmpty)
    let good = try await exporter.metrics()
    #expect(good.services(.ipv6) == ["shop/web TCP"])
    #expect(good.sum("iptables_rule_changes_total") == 0)
  }

  @Test("A file that can't be read or understood is one, until it can")
  func file() async throws {
    let file = RulesFile()
    let exporter = Exporter(SaveFileSource(paths: [file.path]))
    #expect(try await exporter.metrics().all("iptables_up").values.allSatisfy { $0 == 0 })
    try file.write(Self.creation.before().bytes)
    #expect(try await exporter.metrics().services().count == 4)
    try file.write(Array("*nat\n:PREROUTING ACCEPT [0:0]\nnonsense\n".utf8))
    let failed = try await exporter.metrics()
    #expect(failed.all("iptables_up") == [["backend": "legacy", "ip_family": "IPv4"]: 0])
    try file.write(Self.creation.after().bytes)
    #expect(
      try await exporter.metrics().nonzeroServices("rules_moved_since_last_scrape").count == 2)
  }
}
