import Collectors
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Readiness", .timeLimit(.minutes(1)))
struct ReadinessTests {
  private static let empty = FamilySnapshot(
    backend: .legacy, family: .ipv4, tables: [], absentTables: [.filter, .nat])

  /// Readings, and whether the exporter is ready after the last of them.
  struct Example: CustomTestStringConvertible {
    let testDescription: String
    let steps: [[FamilyReading]]
    let isReady: Bool
  }

  static let examples: [Example] = [
    Example(
      testDescription: "nothing can be read",
      steps: [[.failed(.ipv4), .failed(.ipv6), .failed(.ipv4, .nft), .failed(.ipv6, .nft)]],
      isReady: false),
    Example(
      testDescription: "there are no rules", steps: [[FamilyReading(empty)]], isReady: true),
    // Without capabilities it shows that x_tables has no tables, but not that nf_tables has none.
    Example(
      testDescription: "one backend has no tables, and the other can't be read",
      steps: [[FamilyReading(empty), .failed(.ipv4, .nft)]], isReady: false),
    Example(
      testDescription: "one family can be read",
      steps: [[reading, .failed(.ipv6)].compactMap(\.self)], isReady: true),
    Example(
      testDescription: "a reading succeeded, and the next fails",
      steps: [[reading].compactMap(\.self), [.failed(.ipv4)]], isReady: true),
    Example(
      testDescription: "a reading failed, and the next succeeds",
      steps: [[.failed(.ipv4)], [reading].compactMap(\.self)], isReady: true),
  ]

  private static let reading = try? FamilyReading(PageHistory.states[0])

  @Test("Comes with the first reading that succeeds, and stays", arguments: examples)
  func readings(_ example: Example) async throws {
    let exporter = Exporter(steps: example.steps)
    #expect(await !exporter.isReady)
    for _ in example.steps { _ = try await exporter.metrics() }
    #expect(await exporter.isReady == example.isReady)
  }

  @Test("Comes without a scrape, and without watching, as soon as the rules can be read")
  func withoutScrape() async throws {
    let record = SourceRecord()
    record.mayHaveChanged = false
    let steps = try [[.failed(.ipv4)], [.failed(.ipv4)], [FamilyReading(PageHistory.states[0])]]
    let exporter = Exporter(ScriptedSource(steps, record))
    await exporter.becomeReady(retryingEvery: .milliseconds(1))
    #expect(await exporter.isReady)
    #expect(record.asked.count == 3)
    await exporter.becomeReady(retryingEvery: .milliseconds(1))
    #expect(record.asked.count == 3)
  }

  @Test("Does not come without capabilities", .liveKernel, arguments: [false, true])
  func withoutCapabilities(hasLegacyTables: Bool) async throws {
    let reading = try withNetworkNamespace {
      try Backend.nft.load(PageHistory.states[0].bytes)
      if hasLegacyTables { try Backend.legacy.load(PageHistory.states[0].bytes) }
      return try TestSupport.withoutCapabilities {
        KernelSource(
          backend: .auto, tables: [.nat, .filter], signs: .kubeProxy,
          choose: BackendChoice.init(legacy:nft:)
        ).read(.all)
      }
    }
    let exporter = Exporter(readings: [reading])
    _ = try await exporter.metrics()
    #expect(await !exporter.isReady)
  }
}
