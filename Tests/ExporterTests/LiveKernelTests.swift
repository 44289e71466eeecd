import Collectors
import FoundationEssentials
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("A live kernel", .liveKernel)
struct LiveKernelTests {
  private static let tables: Set<TableName> = [.nat, .filter]

  @Test("Without tables stays without tables, and has zeros")
  func noTables() async throws {
    let readings = try withNetworkNamespace {
      #expect(Self.loadedTables().isEmpty)
      let source = LegacySource(tables: Self.tables)
      let readings = [source.read(), source.read()]
      #expect(Self.loadedTables().isEmpty)
      return readings
    }
    for reading in readings.joined() {
      #expect(try reading.result.get().absentTables == [.filter, .nat])
    }
    let metrics = try await Exporter(steps: readings).metrics()
    for family in IPFamily.allCases {
      let labels = ["ip_family": family.rawValue]
      #expect(metrics["iptables_up", labels.merging(["backend": "legacy"]) { $1 }] == 1)
      #expect(metrics["iptables_services", labels] == 0)
    }
    #expect(metrics.sum("iptables_rules") == 0)
    #expect(metrics.all("iptables_backend_info").isEmpty)
    #expect(metrics.all("iptables_scrape_collector_success").values.allSatisfy { $0 == 1 })
  }

  @Test("With one table of two has no other afterwards")
  func oneTable() throws {
    try withNetworkNamespace {
      try Self.load(RulesetText(nat: ""))
      let reading = try #require(LegacySource(tables: Self.tables).read().first)
      #expect(try reading.result.get().absentTables == [.filter])
      #expect(Self.loadedTables() == ["nat"])
    }
  }

  @Test(
    "Counts connections, whatever is written again, and no churn", arguments: Backend.allCases)
  func connections(_ backend: Backend) async throws {
    let ruleset = EndpointCounters(packets: [.first: 0]).ruleset.text
      .replacing("--to-destination 10.0.0.1:80", with: "--to-destination 10.96.0.2:8080")
      .replacing("PREROUTING -m comment", with: "OUTPUT -m comment")
    var sent: [Double] = []
    let readings = try withNetworkNamespace {
      try Self.makeLoopback()
      try backend.load(Array(ruleset.utf8))
      let listener = try LoopbackListener(port: 8080)
      defer { withExtendedLifetime(listener) {} }
      let source = backend.source(tables: [.nat], families: [.ipv4])
      var readings = [source.read()]
      sent.append(0)
      for (count, writesAgain) in [
        (5, false), (0, false), (3, false), (2, true), (0, true), (4, false),
        // In the legacy backend nothing would tell that more came since than there had been before.
        backend == .nft ? (9, true) : (1, true),
      ] {
        if writesAgain { try backend.load(Array(ruleset.utf8)) }
        for _ in 0..<count { try Self.connect(to: "10.96.0.9", port: 80) }
        readings.append(source.read())
        sent.append((sent.last ?? 0) + Double(count))
      }
      return readings
    }
    let exporter = Exporter(steps: readings)
    for sent in sent {
      let metrics = try await exporter.metrics()
      #expect(metrics.service("shop/web", "connections_total") == sent)
      #expect(metrics.sum("iptables_rule_changes_total") == 0)
      #expect(metrics.sum("iptables_service_rules_moved_since_last_scrape") == 0)
    }
  }

  @Test("Tells a table's size, of which a file knows nothing")
  func tableSize() async throws {
    let readings = try withNetworkNamespace {
      try Self.load(RulesetText(nat: "-A PREROUTING -j ACCEPT"))
      return LegacySource(tables: Self.tables, families: [.ipv4]).read()
    }
    let labels = ["backend": "legacy", "ip_family": "IPv4", "table": "nat"]
    let metrics = try await Exporter(steps: [readings]).metrics()
    #expect(try #require(metrics["iptables_table_size_bytes", labels]) > 100)
  }

  /// The IPv4 tables that exist in this thread's network namespace.
  private static func loadedTables() -> [String] {
    let path = "/proc/thread-self/net/ip_tables_names"
    guard let names = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return names.split(separator: "\n").map(String.init)
  }

  private static func load(_ ruleset: RulesetText) throws { try load(text: ruleset.text) }

  private static func load(text: String) throws {
    try Command.run("iptables-legacy-restore", "-c", "-w", "60", input: Array(text.utf8))
  }

  /// Gives the namespace's loopback an address of the service network, and a way to the others.
  private static func makeLoopback() throws {
    try Command.run("ip", "link", "set", "lo", "up")
    try Command.run("ip", "address", "add", "10.96.0.2/24", "dev", "lo")
  }

  /// Makes a connection, and ends it.
  private static func connect(to address: String, port: Int) throws {
    try Command.run("timeout", "10", "bash", "-c", "exec 3<>/dev/tcp/\(address)/\(port)")
  }
}
