import Collectors
import Exposition
import IPTablesSource
import Netfilter
import Platform
import TestSupport
import Testing
import Tracking

@Suite("Every rule's counters")
struct RulesCollectorTests {
  private static let options = ExporterOptions.plain(collectors: [.rules])

  @Test("Are what iptables-save prints, in its words", arguments: NodeState.all)
  func file(_ state: NodeState) async throws {
    let metrics = try await Exporter(steps: [state.read()], Self.options).metrics()
    for fixture in state.fixtures {
      let account = try RuleAccount(fixture.bytes())
      let (missing, unexpected) = found(metrics, fixture).differences(from: account)
      #expect(missing == [])
      #expect(unexpected == [])
      #expect(found(metrics, fixture).ruleCount == account.rules.count)
    }
  }

  @Test("Are what iptables-save prints of the kernel", .liveKernel, arguments: NodeState.all)
  func kernel(_ state: NodeState) async throws {
    let backend = state.fixtures[0].backend
    let (readings, saved) = try withNetworkNamespace {
      let readings = try state.readFromKernel(
        backend.source(tables: Set(TableName.allCases)), backend)
      let saved = try state.families.map { family in
        let program = family == .ipv4 ? "iptables" : "ip6tables"
        return try Command.run("\(program)-\(backend.rawValue)-save", "-c")
      }
      return (readings, saved)
    }
    let metrics = try await Exporter(steps: [readings], Self.options).metrics()
    for (fixture, saved) in zip(state.fixtures, saved) {
      let account = RuleAccount(saved)
      let (missing, unexpected) = found(metrics, fixture).differences(from: account)
      // An extension that isn't known is all that may read otherwise.
      #expect(unexpected.allSatisfy { $0.contains(" [unrecognised, ") })
      #expect(missing.count == unexpected.count)
    }
  }

  /// What the metrics say of the fixture's backend and family.
  private func found(_ metrics: Scrape, _ fixture: Fixture) -> RuleAccount {
    RuleAccount(
      metrics, ["backend": fixture.backend.rawValue, "ip_family": fixture.family.rawValue])
  }

  @Test("Follow a node from state to state, as if each were the first", arguments: NodeHistory.all)
  func history(_ history: NodeHistory) async throws {
    let exporter = Exporter(steps: history.steps.map { $0.read() }, Self.options)
    var last: [Scrape.Series: Double] = [:]
    for state in history.steps {
      let metrics = try await exporter.metrics()
      for fixture in state.fixtures {
        let account = try RuleAccount(fixture.bytes())
        #expect(Set(found(metrics, fixture).rules.keys) == Set(account.rules.keys))
        #expect(found(metrics, fixture).ruleCount == account.rules.count)
        for reason in ["limit", "pattern"] {
          #expect(metrics.rulesOmitted(reason, fixture.backend.rawValue) == 0)
        }
      }
      let fallen = metrics.values.filter { series, value in
        series.name.hasPrefix("iptables_rule_") && value < last[series] ?? 0
      }
      #expect(fallen.isEmpty)
      last.merge(metrics.values) { $1 }
    }
  }

  @Test("Pass promtool", .promtool)
  func promtool() async throws {
    let state = try #require(NodeState.all.first { $0.description.contains("n-01-noise") })
    let options = ExporterOptions.plain(collectors: [.rules, .endpoints])
    let exporter = Exporter(steps: [state.read()], options)
    try Promtool.check(await exporter.bytes(ScrapeRequest(scraper: "10.0.0.1")))
  }

  @Test("Are valid whatever a comment holds", arguments: HostileCommentTests.all)
  func hostile(_ hostility: HostileCommentTests.Hostility) async throws {
    let chain = Chain(
      name: "INPUT", policy: .accept,
      rules: RuleList([
        Rule(comment: hostility.comment.bytes, "-j DROP"),
        Rule(comment: hostility.comment.bytes, "-j ACCEPT"),
      ]))
    let options = ExporterOptions.plain(
      collectors: [.rules], rules: RuleSelection(comment: try RegularExpression("(?s)(.*)")))
    for format in ExpositionFormat.allCases {
      let metrics = try await Exporter(steps: [[Self.reading([chain])]], options).metrics(
        ScrapeRequest(format: format, scraper: "10.0.0.1"))
      let series = metrics.all("iptables_rule_packets_total")
      #expect(series.count == 2)
      #expect(series.keys.allSatisfy { $0["id"] == hostility.comment.text })
    }
  }

  @Test("Of rules and chains that read the same are one series")
  func sameText() async throws {
    func rules(_ bytes: [UInt8]...) -> RuleList {
      RuleList(bytes.map { Rule(comment: $0, "-j DROP") })
    }
    func name(_ byte: UInt8) throws -> ChainName { try #require(ChainName([0x41, byte])) }
    let unlike = try [
      Chain(name: name(0xfe), rules: rules([0xfe], [0xff], [0x41])),
      Chain(name: name(0xff), rules: rules([0xff], [0x42])),
      Chain(name: name(0x42), rules: rules([0xff], [0x42])),
    ]
    // Then the first has what the second had, and the second is new.
    let others = try [
      Chain(name: name(0xfe), rules: rules([0x42], [0xff], [0x41])),
      Chain(name: name(0xff), rules: rules([0xff], [0x42], [0xfd])),
      Chain(name: name(0x42), rules: rules([0x43], [0xfe], [0xff])),
    ]
    let exporter = Exporter(
      steps: [[Self.reading(unlike)], [Self.reading(others)], [Self.reading(unlike)]],
      Self.options)
    let first = try await exporter.metrics()
    #expect(first.rulePackets("A\u{fffd}").count == 3)
    #expect(first.rulePackets("AB").count == 2)
    let second = try await exporter.metrics()
    #expect(second.rulePackets("A\u{fffd}").count == 3)
    #expect(second.rulePackets("AB").count == 2)
    #expect(try await exporter.metrics().rulePackets("A\u{fffd}").count == 3)
  }

  @Test("Are there for a rule that does nothing")
  func nothing() async throws {
    let exporter = Exporter(
      steps: [[Self.reading([Chain(name: "A", rules: RuleList([""]))])]],
      Self.options)
    #expect(try await exporter.metrics().rulePackets("A") == ["": 1])
  }

  @Test("Are not those of the backend that isn't followed")
  func notFollowed() async throws {
    let snapshot = try RulesetText(nat: "[5:300] -A PREROUTING -j ACCEPT").snapshot()
    let readings = [Backend.legacy, .nft].map {
      FamilyReading(
        backend: $0, family: .ipv4, result: .success(snapshot.with(backend: $0)),
        isFollowed: $0 == .nft)
    }
    let metrics = try await Exporter(steps: [readings], Self.options).metrics()
    let series = metrics.all("iptables_rule_packets_total")
    #expect(series.map(\.key["backend"]) == ["nft"])
    #expect(metrics.rulesOmitted("limit", "nft") == 0)
    #expect(metrics.rulesOmitted("limit", "legacy") == nil)
  }

  /// Chains of a table filter whose rules have counted a packet each.
  static func reading(_ chains: [Chain]) -> FamilyReading {
    let content = TableContent(family: .ipv4, name: .filter, chains: chains)
    let table = TableSnapshot(
      content: content,
      counters: Array(repeating: Counter(packets: 1, bytes: 60), count: content.ruleCount),
      policyCounters: Array(repeating: Counter(), count: content.builtInCount))
    return FamilyReading(FamilySnapshot(backend: .legacy, family: .ipv4, tables: [table]))
  }
}
