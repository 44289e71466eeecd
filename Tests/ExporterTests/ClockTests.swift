import IPTablesSource
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Collectors
@testable import Page
@testable import Tracking

@Suite("A clock that is set")
struct ClockTests {
  /// Two clocks: seconds since 1970, which may be set, and those that have passed.
  private final class Clocks: Sendable {
    private let start = ContinuousClock.now
    private let state = Mutex((wallClock: 1_800_000_000.0, passed: 0.0))

    var now: Moment {
      let (wallClock, passed) = state.withLock { $0 }
      return Moment(wallClock: wallClock, instant: start.advanced(by: .seconds(passed)))
    }

    func pass(_ seconds: Double) { state.withLock { $0 = ($0.0 + seconds, $0.1 + seconds) } }

    /// As NTP does after a start.
    func set(by seconds: Double) { state.withLock { $0.wallClock += seconds } }
  }

  private func exporter(_ rulesets: [RulesetText], _ clocks: Clocks) throws -> Exporter {
    Exporter(
      source: ScriptedSource(try rulesets.map { [try FamilyReading($0)] }), options: .plain(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { clocks.now })
  }

  private static let services = """
    -A PREROUTING -j KUBE-SERVICES
    -A OUTPUT -j KUBE-SERVICES
    -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
    """

  @Test("Makes no fault older or younger", arguments: [1e6, -1e6])
  func faults(_ step: Double) async throws {
    let orphan = RulesetText(nat: Self.services + "\n-A KUBE-SVC-E3PXEPMWAWIUT6ZV -j ACCEPT")
    let clocks = Clocks()
    let exporter = try exporter([RulesetText(nat: Self.services), orphan, orphan], clocks)
    for _ in 1...2 { _ = try await exporter.metrics() }
    clocks.pass(10)
    clocks.set(by: step)
    let metrics = try await exporter.metrics()
    let labels = ["ip_family": "IPv4", "table": "nat", "anomaly": "orphan_chain"]
    let age = metrics["iptables_anomaly_age_seconds", labels]
    #expect(age.map { abs($0 - 10) < 0.001 } == true)
    // A timestamp is what the clock said then.
    #expect(metrics["iptables_anomaly_since_timestamp_seconds", labels] == 1_800_000_000)
  }

  @Test("Makes no change on the page older or younger", arguments: [1e6, -1e6])
  func page(_ step: Double) async throws {
    let clocks = Clocks()
    let exporter = try exporter(PageHistory.states, clocks)
    for _ in 1...2 { _ = await exporter.page(PageRequest()) }
    clocks.pass(30)
    clocks.set(by: step)
    let page = PageText(await exporter.page(PageRequest()))
    #expect(page.rows.map(\.last) == ["30 s ago"])
    #expect(page.text.contains("· 30 s ago ·"))
    let metrics = try await exporter.metrics()
    // A timestamp is what the clock said then.
    #expect(
      metrics.all("iptables_table_last_change_timestamp_seconds").values.contains(1_800_000_000))
  }
}
