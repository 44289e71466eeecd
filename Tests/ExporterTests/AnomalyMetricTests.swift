import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Faults in the rules, as metrics")
struct AnomalyMetricTests {
  /// The rules that lead to kube-proxy's services.
  static let services = """
    -A PREROUTING -j KUBE-SERVICES
    -A OUTPUT -j KUBE-SERVICES
    -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
    """
  private static let clean = RulesetText(nat: services, filter: "")
  private static let orphan = RulesetText(
    nat: services + "\n-A KUBE-SVC-AAAAAAAAAAAAAAAA -j ACCEPT", filter: "")
  private static let orphans = RulesetText(
    nat: """
      -A KUBE-SVC-BBBBBBBBBBBBBBBB -j ACCEPT
      -A KUBE-SVC-AAAAAAAAAAAAAAAA -j ACCEPT

      """ + services, filter: "")

  @Test("Every kind is there for each table in which it can occur, and 0")
  func kinds() async throws {
    let snapshot = try Fixture("legacy-1.28/d-12-multiport.rules").snapshot()
    let exporter = Exporter(steps: [[FamilyReading(snapshot)]])
    let metrics = try await exporter.metrics()
    for name in ["iptables_anomalies", "iptables_anomaly_age_seconds"] {
      let samples = metrics.all(name)
      #expect(samples.count == 49)
      #expect(Set(samples.keys.compactMap { $0["anomaly"] }).count == 30)
      #expect(Set(samples.keys.compactMap { $0["table"] }) == ["filter", "mangle", "nat"])
      #expect(samples.values.allSatisfy { $0 == 0 })
    }
    #expect(metrics.all("iptables_anomaly_since_timestamp_seconds").isEmpty)
  }

  @Test("A fault is counted while it is there, and its age begins where it is first seen")
  func age() async throws {
    let exporter = try Exporter(rulesets: [
      Self.clean, Self.orphan, Self.orphans, Self.orphans, Self.clean, Self.orphan,
    ])
    let labels = ["ip_family": "IPv4", "table": "nat", "anomaly": "orphan_chain"]
    var counts: [Double?] = []
    var ages: [Double] = []
    var times: [Double?] = []
    for _ in 0..<6 {
      let metrics = try await exporter.metrics()
      counts.append(metrics.all("iptables_anomalies")[labels])
      ages.append(try #require(metrics.all("iptables_anomaly_age_seconds")[labels]))
      times.append(metrics.all("iptables_anomaly_since_timestamp_seconds")[labels])
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(counts == [0, 1, 2, 2, 0, 1])
    // The older one's, wherever it stands; what is gone and comes again is new.
    #expect(ages[1] == 0)
    #expect(ages[2] >= 0.02)
    #expect(ages[3] >= ages[2] + 0.02)
    #expect(ages[4] == 0)
    #expect(ages[5] == 0)
    #expect(times[0] == nil && times[4] == nil)
    let (first, last) = (try #require(times[1]), try #require(times[5]))
    #expect(times[2] == first && times[3] == first)
    #expect(last > first)
  }

  @Test("Tables that were not read have no faults, nor the absence of any")
  func unreadTables() async throws {
    let exporter = try Exporter(rulesets: [RulesetText(nat: Self.services)])
    let samples = try await exporter.metrics().all("iptables_anomalies")
    #expect(Set(samples.keys.compactMap { $0["table"] }) == ["nat"])
  }
}
