import Collectors
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Connections of a node that changes its backend")
struct BackendSwitchTests {
  /// What the endpoints of `shop/web` have counted in each backend, and which one is chosen.
  struct Step {
    let chosen: Backend
    let legacy: [UInt64]
    let nft: [UInt64]
    /// Whether the rules of nf_tables were written again before.
    var isRewritten = false
    /// The sum that is to be told.
    let total: Double
  }

  private static let course = [
    // In nf_tables lie old rules, which are not counted.
    Step(chosen: .legacy, legacy: [5, 3], nft: [100, 100], total: 8),
    Step(chosen: .legacy, legacy: [7, 3], nft: [100, 100], total: 10),
    Step(chosen: .nft, legacy: [7, 3], nft: [101, 100], total: 11),
    Step(chosen: .nft, legacy: [7, 3], nft: [2, 0], isRewritten: true, total: 13),
    Step(chosen: .nft, legacy: [7, 3], nft: [4, 0], total: 15),
    // What legacy's rules have counted meanwhile were connections too.
    Step(chosen: .legacy, legacy: [8, 3], nft: [4, 0], total: 16),
    Step(chosen: .legacy, legacy: [0, 1], nft: [4, 0], total: 16 + 1),
    Step(chosen: .nft, legacy: [0, 1], nft: [3, 1], isRewritten: true, total: 21),
  ]

  @Test("Never fall, and count none twice")
  func course() async throws {
    let handles = HandleCounter()
    let readings = try Self.course.map { step in
      if step.isRewritten { handles.rewrite { _ in true } }
      return RulesetReading(
        families: [
          FamilyReading(
            try Self.snapshot(step.legacy), isFollowed: step.chosen == .legacy),
          FamilyReading(
            try Self.snapshot(step.nft).with(backend: .nft, handles: handles.handle),
            isFollowed: step.chosen == .nft),
        ], choice: BackendChoice(backend: step.chosen, reason: .services))
    }
    let exporter = Exporter(readings: readings)
    for step in Self.course {
      #expect(
        try await exporter.metrics().service("shop/web", "connections_total") == step.total)
    }
  }

  @Test("Go on with what a backend has counted that was never read before")
  func newBackend() async throws {
    let handles = HandleCounter()
    let new = try Self.snapshot([2, 0]).with(backend: .nft, handles: handles.handle)
    let exporter = Exporter(readings: [
      RulesetReading(
        families: [FamilyReading(try Self.snapshot([5, 3]))],
        choice: BackendChoice(backend: .legacy, reason: .rules)),
      RulesetReading(
        families: [FamilyReading(new)], choice: BackendChoice(backend: .nft, reason: .services)),
    ])
    for total in [8.0, 10, 10] {
      #expect(try await exporter.metrics().service("shop/web", "connections_total") == total)
    }
  }

  @Test("Are those of the chosen one where both are followed")
  func bothFollowed() async throws {
    func reading(_ chosen: Backend, _ legacy: [UInt64], _ nft: [UInt64]) throws -> RulesetReading {
      RulesetReading(
        families: [
          FamilyReading(try Self.snapshot(legacy)),
          FamilyReading(try Self.snapshot(nft).with(backend: .nft)),
        ], choice: BackendChoice(backend: chosen, reason: .rules))
    }
    let exporter = Exporter(readings: [
      try reading(.nft, [50, 50], [5, 3]), try reading(.nft, [60, 50], [6, 3]),
      try reading(.legacy, [61, 50], [6, 3]), try reading(.legacy, [61, 52], [6, 3]),
    ])
    for total in [8.0, 9, 10, 12] {
      #expect(try await exporter.metrics().service("shop/web", "connections_total") == total)
    }
  }

  private static func snapshot(_ packets: [UInt64]) throws -> FamilySnapshot {
    try EndpointCounters(packets: [.first: packets[0], .second: packets[1]]).ruleset.snapshot()
  }
}
