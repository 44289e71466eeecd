import Dispatch
import Glibc
import IPTablesSource
import Logging
import Netfilter
import Synchronization
import TestSupport
import Testing
import Tracking

@testable import Collectors

@Suite("Connections that rules no longer explain")
struct ConnectionMonitorTests {
  /// The rules of `shop/dns`, UDP, at 10.96.0.10:53 and the node's port 30053.
  private static func rules(_ endpoints: [String], _ family: IPFamily = .ipv4) throws
    -> FamilyReading
  {
    let address = family == .ipv4 ? "10.96.0.10/32" : "fd00:10:96::a/128"
    let hash = chainHash("shop/dnsudp")
    var rules = [
      "-A KUBE-SERVICES -d \(address) -p udp -m comment --comment \"shop/dns cluster IP\" -m udp --dport 53 -j KUBE-SVC-\(hash)",
      "-A KUBE-NODEPORTS -p udp -m comment --comment \"shop/dns\" -m udp --dport 30053 -j KUBE-SVC-\(hash)",
    ]
    for endpoint in endpoints {
      let chain = "KUBE-SEP-" + chainHash("shop/dnsudp" + endpoint)
      rules.append("-A KUBE-SVC-\(hash) -j \(chain)")
      rules.append("-A \(chain) -p udp -m udp -j DNAT --to-destination \(endpoint)")
    }
    return try FamilyReading(RulesetText(family, nat: rules.joined(separator: "\n")))
  }

  private static let service = [
    "ip_family": "IPv4", "service_namespace": "shop", "service_name": "dns", "service_port": "",
    "protocol": "UDP",
  ]

  private static func stale(_ state: String) -> [String: String] {
    service.merging(["state": state]) { $1 }
  }

  private let script = ScriptedConnections.Script()
  private let time = PassedSeconds()
  private let log = LogRecord()

  private func exporter(
    _ source: sending any RulesetSource, _ collectors: Set<Collector> = Collector.byDefault,
    manualTime: Bool = false
  ) -> Exporter {
    let time = time
    let now: @Sendable () -> Moment = { manualTime ? time.moment : .now() }
    return Exporter(
      source: source, connections: ScriptedConnections(script),
      options: .plain(collectors: collectors), logger: log.logger, now: now)
  }

  private func dump(_ exporter: Exporter) async { _ = await exporter.connections?.dump { .zero } }

  @Test("A scrape shows them by service port, and in total, once the table was dumped")
  func stale() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]))
    script.entries = try [
      .udp(from: 1, to: "10.0.0.1:53"), .udp(from: 2, to: "10.0.0.2:53"),
      .udp(from: 3, to: "10.0.0.2:53", isReplied: false), .udp(from: 4, to: "10.0.0.3:53"),
      .udp(from: 5, asking: "10.96.0.99:53", to: "10.0.0.9:53"),
    ]
    var metrics = try await exporter.metrics()
    #expect(metrics.all("iptables_stale_connections").isEmpty)
    #expect(metrics["iptables_scrape_collector_success", ["collector": "conntrack"]] == 1)
    await dump(exporter)
    metrics = try await exporter.metrics()
    #expect(
      metrics.all("iptables_stale_connections") == [
        ["ip_family": "IPv4", "state": "replied"]: 2,
        ["ip_family": "IPv4", "state": "unreplied"]: 1,
      ])
    #expect(
      metrics.all("iptables_service_stale_connections")
        == [Self.stale("replied"): 2, Self.stale("unreplied"): 1])
    #expect(metrics.all("iptables_service_blackholed_connections") == [Self.service: 0])
    // Without the collector endpoints nobody wants to know.
    #expect(metrics.all("iptables_endpoint_tracked_connections").isEmpty)
  }

  @Test("Where nothing is stale, the totals are 0 and service ports have no series")
  func none() async throws {
    let exporter = exporter(
      ScriptedSource([[try Self.rules(["10.0.0.1:53"]), try Self.rules(["[fd00::1]:53"], .ipv6)]]))
    script.entries = try [
      .udp(to: "10.0.0.1:53"), .udp(asking: "[fd00:10:96::a]:53", to: "[fd00::1]:53"),
    ]
    await dump(exporter)
    var metrics = try await exporter.metrics()
    #expect(metrics.all("iptables_stale_connections").count == 4)
    #expect(metrics.sum("iptables_stale_connections") == 0)
    #expect(metrics.all("iptables_service_stale_connections").isEmpty)
    #expect(metrics.all("iptables_service_blackholed_connections").isEmpty)
    script.entries = try [.udp(asking: "[fd00:10:96::a]:53", to: "[fd00::2]:53")]
    await dump(exporter)
    metrics = try await exporter.metrics()
    let labels = Self.stale("replied").merging(["ip_family": "IPv6"]) { $1 }
    #expect(metrics["iptables_service_stale_connections", labels] == 1)
  }

  @Test("NodePorts are those of the node's own addresses, all of 127.0.0.0/8 among them")
  func nodePorts() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]))
    script.local = [try #require(IPAddress("192.168.0.4"))]
    script.entries = try ["192.168.0.4:30053", "192.168.0.5:30053", "127.0.0.77:30053"].map {
      try .udp(asking: $0, to: "10.0.0.2:53")
    }
    await dump(exporter)
    #expect(try await exporter.metrics().sum("iptables_stale_connections") == 2)
  }

  @Test("The endpoints' connections are counted where the collector endpoints is on")
  func endpoints() async throws {
    let exporter = exporter(
      ScriptedSource([[try Self.rules(["10.0.0.1:53", "10.0.0.2:53"])]]),
      Set(Collector.allCases))
    script.entries = try (1...5).map { try .udp(from: $0, to: "10.0.0.1:53") }
    await dump(exporter)
    #expect(
      try await exporter.metrics().all("iptables_endpoint_tracked_connections") == [
        Self.service.merging(["endpoint": "10.0.0.1:53"]) { $1 }: 5,
        Self.service.merging(["endpoint": "10.0.0.2:53"]) { $1 }: 0,
      ])
  }

  struct Change: CustomTestStringConvertible {
    let testDescription: String
    let before: [String]
    let after: [String]
    /// How many are stale at this dump, and at the next one.
    let stale: [Double]
  }

  @Test(
    "Rules that change while the table is dumped make nothing stale",
    arguments: [
      Change(
        testDescription: "an endpoint comes", before: ["10.0.0.1:53"],
        after: ["10.0.0.1:53", "10.0.0.2:53"], stale: [0, 0]),
      Change(
        testDescription: "an endpoint goes", before: ["10.0.0.1:53", "10.0.0.2:53"],
        after: ["10.0.0.1:53"], stale: [0, 1]),
      Change(
        testDescription: "nothing changes", before: ["10.0.0.1:53"], after: ["10.0.0.1:53"],
        stale: [1, 1]),
    ])
  func change(_ change: Change) async throws {
    let record = SourceRecord()
    let steps = [[try Self.rules(change.before)], [try Self.rules(change.after)]]
    let exporter = exporter(ScriptedSource(steps, record))
    // Something else is stale, so that there is a second reading in any case.
    script.entries = try [.udp(from: 1, to: "10.0.0.2:53"), .udp(from: 2, to: "10.0.0.9:53")]
    for expected in change.stale {
      await dump(exporter)
      #expect(try await exporter.metrics().sum("iptables_stale_connections") == expected + 1)
    }
  }

  @Test(
    "A service port that is gone after the dump has no stale connections, nor has a failed reading")
  func gone() async throws {
    for after in [[try FamilyReading(RulesetText(nat: ""))], [.failed(.ipv4)], []] {
      let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])], after]))
      script.entries = try [.udp(from: 1, to: "10.0.0.2:53")]
      await dump(exporter)
      let metrics = try await exporter.metrics()
      #expect(metrics.sum("iptables_stale_connections") == 0)
    }
  }

  @Test("A reading that was under way before the dump's end doesn't confirm it")
  func underWay() async throws {
    let record = SourceRecord()
    let steps = [["10.0.0.1:53"], ["10.0.0.1:53"], ["10.0.0.1:53", "10.0.0.2:53"]]
    let exporter = exporter(
      SlowSource(ScriptedSource(try steps.map { [try Self.rules($0)] }, record)))
    script.entries = try [.udp(to: "10.0.0.2:53")]
    let scrape = Mutex<Task<Void, Never>?>(nil)
    script.meanwhile = { [script] in
      script.meanwhile = nil
      scrape.withLock { $0 = Task.detached { _ = try? await exporter.metrics() } }
      // The scrape's reading has the rules from before the endpoint came.
      while record.asked.count < 2 { usleep(1000) }
    }
    await dump(exporter)
    await scrape.withLock(\.self)?.value
    #expect(record.asked.count == 3)
    #expect(try await exporter.metrics().sum("iptables_stale_connections") == 0)
  }

  @Test("Those whose timeouts were renewed between two dumps are blackholed")
  func blackholed() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]), manualTime: true)
    var found: [Double?] = []
    for timeouts in [[119, 119], [119, 89], [119, 59], [60, 29], [30, 119]] as [[UInt32]] {
      script.entries = try timeouts.enumerated().map {
        try .udp(from: UInt16($0), to: "10.0.0.2:53", timeout: $1)
      }
      await dump(exporter)
      time.passed.withLock { $0 += 30 }
      found.append(
        try await exporter.metrics()["iptables_service_blackholed_connections", Self.service])
    }
    #expect(found == [0, 1, 1, 0, 1])
  }

  @Test("A dump that fails is this collector's failure alone, is logged once, and heals")
  func failure() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]), manualTime: true)
    let error = ReadingError(operation: .readConntrack, code: ENOBUFS, cause: "answers were lost")
    var success: [Double?] = []
    for failure in [nil, error, error, nil, nil] {
      script.failure = failure
      script.entries = try [
        .udp(from: 1, to: "10.0.0.2:53"), .udp(from: 2, to: "10.0.0.2:53"),
      ]
      await dump(exporter)
      time.passed.withLock { $0 += 30 }
      let metrics = try await exporter.metrics()
      success.append(metrics["iptables_scrape_collector_success", ["collector": "conntrack"]])
      for collector in ["tables", "services", "connections"] {
        #expect(metrics["iptables_scrape_collector_success", ["collector": collector]] == 1)
      }
      #expect(metrics.sum("iptables_stale_connections") == (failure == nil ? 2 : 0))
      #expect(metrics.all("iptables_stale_connections").isEmpty == (failure != nil))
      // After a failure nothing is compared with what was before it.
      let blackholed = metrics["iptables_service_blackholed_connections", Self.service]
      #expect(blackholed == (failure != nil ? nil : success.count == 5 ? 2 : 0))
    }
    #expect(success == [1, 0, 0, 1, 1])
    #expect(
      log.messages.filter { $0.contains("dumping") } == [
        "error: dumping the connection table failed "
          + "error=cannot read connection tracking: answers were lost",
        "info: dumping the connection table works again",
      ])
  }

  @Test("Where the kernel may not be asked there is no report, and nothing fails")
  func notReadable() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]))
    script.entries = try [.udp(to: "10.0.0.2:53")]
    for isReadable in [true, false, true] {
      script.isReadable = isReadable
      await dump(exporter)
      let metrics = try await exporter.metrics()
      #expect(metrics.all("iptables_stale_connections").isEmpty == !isReadable)
      #expect(metrics["iptables_scrape_collector_success", ["collector": "conntrack"]] == 1)
    }
    #expect(log.messages.allSatisfy { !$0.contains("dumping") })
  }

  @Test("No scrape waits for a dump, and it has what the last one showed")
  func blocking() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]))
    script.entries = try [.udp(to: "10.0.0.2:53")]
    await dump(exporter)
    let (begun, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    script.entries = []
    script.meanwhile = {
      begun.signal()
      gate.wait()
    }
    async let blocked: Void = dump(exporter)
    await Task.detached { Self.wait(begun) }.value
    for _ in 0..<3 {
      #expect(try await exporter.metrics().sum("iptables_stale_connections") == 1)
    }
    gate.signal()
    await blocked
    #expect(try await exporter.metrics().sum("iptables_stale_connections") == 0)
  }

  private static func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

  @Test("It goes on and on, and only where it is wanted")
  func watching() async throws {
    let exporter = exporter(ScriptedSource([[try Self.rules(["10.0.0.1:53"])]]))
    let watch = Task { await exporter.watchConnections(every: .milliseconds(1)) }
    while script.dumps < 3 { try await Task.sleep(for: .milliseconds(5)) }
    watch.cancel()
    await watch.value
    let without = self.exporter(ScriptedSource([[try Self.rules([])]]), [.services])
    #expect(without.connections == nil)
    await without.watchConnections(every: .milliseconds(1))
  }
}
