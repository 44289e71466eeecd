import Collectors
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("The backend that kube-proxy uses")
struct BackendChoiceTests {
  private static let creation = ArticleCreation.messiest
  private static let web = EndpointCounters(packets: [.first: 5, .second: 3])

  private static func reading(
    _ families: [FamilyReading], _ backend: Backend?,
    _ reason: BackendChoice.Reason = .services
  ) -> RulesetReading {
    RulesetReading(
      families: families,
      choice: backend.map { BackendChoice(backend: $0, reason: reason) })
  }

  /// The article's services in legacy, `shop/web` in nf_tables; the chosen one is followed.
  private static func both(_ chosen: Backend) throws -> [FamilyReading] {
    [
      FamilyReading(try creation.before().snapshot(), isFollowed: chosen == .legacy),
      FamilyReading(try web.ruleset.snapshot().with(backend: .nft), isFollowed: chosen == .nft),
    ]
  }

  @Test("Is the one whose service ports are told of", arguments: Backend.allCases)
  func services(_ chosen: Backend) async throws {
    let metrics = try await Exporter(readings: [Self.reading(Self.both(chosen), chosen)]).metrics()
    #expect(metrics.services().count == (chosen == .legacy ? 4 : 1))
    #expect(metrics.services().contains("shop/web TCP") == (chosen == .nft))
    #expect(metrics["iptables_services", ["ip_family": "IPv4"]] == (chosen == .legacy ? 4 : 1))
    #expect(Set(metrics.all("iptables_scrape_collector_success").values) == [1])
  }

  @Test("Is legacy where the source doesn't choose and both have service ports")
  func noChoice() async throws {
    let families = try Self.both(.legacy).map {
      FamilyReading(backend: $0.backend, family: $0.family, result: $0.result)
    }
    let metrics = try await Exporter(steps: [families]).metrics()
    #expect(metrics.services().count == 4)
  }

  @Test("Leaves a family that it has nothing of to the other")
  func otherFamily() async throws {
    let six = RulesetText(
      .ipv6,
      nat: """
        -A KUBE-SERVICES -d fd00:96::9/128 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-VP6OJ43POX7BU522
        """)
    let families =
      try Self.both(.nft) + [FamilyReading(six.snapshot(), isFollowed: false)]
    let metrics = try await Exporter(readings: [Self.reading(families, .nft)]).metrics()
    #expect(metrics.services() == ["shop/web TCP"])
    #expect(metrics.services(.ipv6) == ["shop/web TCP"])
    // It isn't followed all the same.
    #expect(
      metrics.all("iptables_rule_changes_total").keys.allSatisfy { $0["ip_family"] == "IPv4" })
  }

  @Test("Is not the other one while it can't be read")
  func failure() async throws {
    let both = try Self.both(.nft)
    let metrics = try await Exporter(
      readings: [Self.reading([both[0], .failed(.ipv4, .nft)], .nft)]
    ).metrics()
    #expect(metrics["iptables_up", ["backend": "nft", "ip_family": "IPv4"]] == 0)
    #expect(metrics["iptables_up", ["backend": "legacy", "ip_family": "IPv4"]] == 1)
    #expect(metrics.services().isEmpty)
    #expect(metrics.sum("iptables_rules", where: ["backend": "legacy"]) > 0)
    #expect(Set(metrics.all("iptables_scrape_collector_success").values) == [0])
  }

  @Test("Can be read though the other can't: nothing is missing")
  func otherFails() async throws {
    let both = try Self.both(.legacy)
    let other = FamilyReading.failed(.ipv4, .nft, isFollowed: false)
    let metrics = try await Exporter(readings: [Self.reading([both[0], other], .legacy)]).metrics()
    #expect(metrics["iptables_up", ["backend": "nft", "ip_family": "IPv4"]] == 0)
    #expect(metrics.services().count == 4)
    #expect(Set(metrics.all("iptables_scrape_collector_success").values) == [1])
  }

  @Test("Has its policies' counters and its changes told; of the other, what it holds")
  func notFollowed() async throws {
    let metrics = try await Exporter(
      readings: [Self.reading(Self.both(.nft), .nft)]
    ).metrics()
    let legacy = metrics.series.filter { $0.labels["backend"] == "legacy" }
    #expect(
      Set(legacy.map(\.name))
        == ["iptables_up", "iptables_backend_info", "iptables_rules", "iptables_chains"])
    let nft = metrics.series.filter { $0.labels["backend"] == "nft" }
    #expect(Set(nft.map(\.name)).contains("iptables_chain_policy_packets_total"))
    for backend in ["legacy", "nft"] {
      #expect(metrics["iptables_backend_info", ["backend": backend, "kubernetes": "true"]] == 1)
    }
  }

  @Test("Has the changes counted while it is followed, and no change of backend")
  func changes() async throws {
    let (before, after) = (
      try Self.creation.before().snapshot(), try Self.creation.after().snapshot()
    )
    func step(
      _ chosen: Backend, _ legacy: FamilySnapshot, _ nft: FamilySnapshot
    ) -> RulesetReading {
      Self.reading(
        [
          FamilyReading(legacy, isFollowed: chosen == .legacy),
          FamilyReading(nft.with(backend: .nft), isFollowed: chosen == .nft),
        ], chosen)
    }
    let none = try RulesetText(nat: "").snapshot()
    let exporter = Exporter(readings: [
      step(.legacy, before, none), step(.nft, before, before), step(.nft, after, before),
      step(.legacy, after, none), step(.legacy, after, none),
      // Only here something changes that is followed.
      step(.legacy, before, none),
      step(.nft, before, none), step(.nft, before, after),
    ])
    for changes in [0, 0, 0, 0, 0, 11, 11] {
      let metrics = try await exporter.metrics()
      #expect(metrics.sum("iptables_rule_changes_total") == Double(changes))
      if changes == 0 { #expect(metrics.sum("iptables_service_rule_changes_total") == 0) }
      #expect((metrics.sum("iptables_chain_changes_total") > 0) == (changes > 0))
      #expect(
        metrics.all("iptables_table_last_change_timestamp_seconds").isEmpty == (changes == 0))
    }
    let rules = Double(after.table(.nat)?.content.ruleCount ?? 0)
    #expect(try await exporter.metrics().sum("iptables_rule_changes_total") == 11 + rules)
  }

  @Test("Has no change counted where it was left out for a while")
  func leftOut() async throws {
    let (before, after) = (try Self.creation.before(), try Self.creation.after())
    let web = FamilyReading(try Self.web.ruleset.snapshot().with(backend: .nft))
    let exporter = Exporter(readings: [
      Self.reading([try FamilyReading(before)], .legacy), Self.reading([web], .nft),
      Self.reading([try FamilyReading(after)], .legacy),
      Self.reading([try FamilyReading(before)], .legacy),
    ])
    for changes in [0, 0, 0, 11] {
      let metrics = try await exporter.metrics()
      #expect(metrics.sum("iptables_rule_changes_total") == Double(changes))
    }
  }

  @Test("Is logged when it is chosen, and when it changes")
  func log() async throws {
    let log = LogRecord()
    let exporter = Exporter(
      readings: [
        Self.reading(try Self.both(.legacy), .legacy, .rules),
        Self.reading(try Self.both(.legacy), .legacy, .hint),
        Self.reading(try Self.both(.nft), .nft, .hint),
        Self.reading(try Self.both(.nft), .nft, .hint),
        Self.reading(try Self.both(.legacy), .legacy, .services),
      ], log)
    for _ in 1...6 { _ = try await exporter.metrics() }
    #expect(
      log.messages == [
        "info: backend chosen backend=legacy reason=rules",
        "warning: both backends hold chains of Kubernetes ip_families=IPv4 kube_proxy=legacy other=nft",
        "info: backend changed from=legacy reason=kubelet to=nft",
        "info: backend changed from=nft reason=KUBE-SERVICES to=legacy",
      ])
  }

  @Test("That both backends hold Kubernetes' chains is logged when it begins and when it ends")
  func mixedBackends() async throws {
    let log = LogRecord()
    let alone = try Self.both(.legacy).filter { $0.backend == .legacy }
    let exporter = Exporter(
      readings: [
        Self.reading(alone, .legacy), Self.reading(try Self.both(.legacy), .legacy),
        Self.reading(try Self.both(.legacy), .legacy), Self.reading(alone, .legacy),
        Self.reading(try Self.both(.legacy), .legacy),
      ], log)
    for _ in 1...5 { _ = try await exporter.metrics() }
    let warning =
      "warning: both backends hold chains of Kubernetes ip_families=IPv4 kube_proxy=legacy other=nft"
    #expect(
      log.messages.dropFirst() == [
        warning, "info: one backend holds Kubernetes' chains again", warning,
      ])
  }
}
