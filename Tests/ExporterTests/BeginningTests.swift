import Exposition
import IPTablesSource
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Collectors
@testable import Tracking

@Suite("When counters began")
struct BeginningTests {
  private static let creation = ArticleCreation.messiest
  private static let start = 1_800_000_000.0

  /// An exporter that starts at ``start``, and reads ten seconds after that, twenty seconds, and so on.
  private func exporter(
    _ rulesets: [RulesetText], isAsked: Bool = true, exportsProcess: Bool = false
  ) throws -> Exporter {
    let instant = ContinuousClock.now
    let passed = Mutex(-10.0)
    var options = ExporterOptions.plain()
    options.collectors = Set(Collector.allCases)
    options.exportsBeginnings = isAsked
    options.exportsProcess = exportsProcess
    return Exporter(
      source: ScriptedSource(try rulesets.map { [try FamilyReading($0)] }), options: options,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      now: {
        let passed = passed.withLock { passed in
          passed += 10
          return passed
        }
        return Moment(wallClock: Self.start + passed, instant: instant + .seconds(passed))
      })
  }

  private static let request = ScrapeRequest(format: .openMetrics, scraper: "10.0.0.1")

  @Test("OpenMetrics says it of what counts from the exporter's start")
  func exporterStart() async throws {
    let exporter = try exporter([Self.creation.before(), Self.creation.after()])
    _ = try await exporter.metrics(Self.request)
    let metrics = try await exporter.metrics(Self.request)
    for name in [
      "iptables_rule_changes", "iptables_rules_rewritten", "iptables_chain_changes",
      "iptables_readings", "iptables_watch_readings",
    ] {
      let times = metrics.all(name + "_created")
      #expect(Set(times.keys) == Set(metrics.all(name + "_total").keys))
      #expect(!times.isEmpty && times.values.allSatisfy { $0 == Self.start })
    }
  }

  @Test("A service port's counters began at the last reading without it")
  func servicePorts() async throws {
    let (before, after) = (try Self.creation.before(), try Self.creation.after())
    let exporter = try exporter([before, after, after, before, after])
    func times() async throws -> [Double?] {
      let metrics = try await exporter.metrics(Self.request)
      #expect(
        Set(metrics.all("iptables_service_rule_changes_created").keys)
          == Set(metrics.all("iptables_service_rule_changes_total").keys))
      return ["kube-system/kube-dns:dns UDP", Self.creation.service].flatMap { service in
        [
          metrics.service(service, "rule_changes_created", and: ["change": "added"]),
          metrics.service(service, "rules_rewritten_created"),
        ]
      }
    }
    let start = Self.start
    #expect(try await times() == [start, start, nil, nil])
    #expect(try await times() == [start, start, start + 10, start + 10])
    #expect(try await times() == [start, start, start + 10, start + 10])
    #expect(try await times() == [start, start, nil, nil])
    // It comes back with what was counted for it.
    #expect(try await times() == [start, start, start + 10, start + 10])
  }

  @Test("Nobody knows it of what the kernel counts")
  func kernelCounters() async throws {
    let metrics = try await exporter([Self.creation.before()]).metrics(Self.request)
    for name in [
      "iptables_service_connections", "iptables_endpoint_connections", "iptables_rule_packets",
      "iptables_rule_bytes", "iptables_chain_policy_packets", "iptables_chain_policy_bytes",
    ] {
      #expect(!metrics.all(name + "_total").isEmpty)
      #expect(metrics.all(name + "_created").isEmpty)
    }
  }

  @Test("The process began when it started")
  func process() async throws {
    let exporter = try exporter([Self.creation.before()], exportsProcess: true)
    let metrics = try await exporter.metrics(Self.request)
    let start = try #require(metrics["process_start_time_seconds"])
    #expect(metrics["process_cpu_seconds_created"] == start)
  }

  @Test("It is left out of the text format, and where nobody asked for it")
  func leftOut() async throws {
    for (isAsked, format) in [(true, ExpositionFormat.text), (false, .openMetrics)] {
      let exporter = try exporter([Self.creation.before()], isAsked: isAsked, exportsProcess: true)
      let metrics = try await exporter.metrics(ScrapeRequest(format: format, scraper: "10.0.0.1"))
      #expect(!metrics.series.contains { $0.name.hasSuffix("_created") })
    }
  }

  @Test("A service port that is forgotten begins anew")
  func forgotten() async throws {
    // What nothing was counted for has nothing to keep: filter's rules don't count.
    let blocked = RulesetText(
      nat: "-A PREROUTING -j KUBE-SERVICES",
      filter: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "default/a has no endpoints" \
        -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
        """)
    let none = RulesetText(
      nat: "-A PREROUTING -j KUBE-SERVICES", filter: "-A INPUT -j KUBE-SERVICES")
    let exporter = try exporter([none, blocked, none, blocked])
    var times: [Double?] = []
    for _ in 1...4 {
      let metrics = try await exporter.metrics(Self.request)
      times.append(metrics.service("default/a TCP", "rules_rewritten_created"))
    }
    #expect(times == [nil, Self.start + 10, nil, Self.start + 30])
  }
}
