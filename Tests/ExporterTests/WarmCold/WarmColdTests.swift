import Collectors
import Exposition
import FoundationEssentials
import IPTablesSource
import Netfilter
import Synchronization
import TestSupport
import Testing
import Tracking

/// An exporter that has seen a history serves the page of one that was just started.
@Suite("A warm page is the page")
struct WarmColdTests {
  @Test("Of random histories", arguments: WarmColdWalk.histories)
  func histories(_ seed: UInt64) async throws {
    var walk = WarmColdWalk(seed: seed)
    var node = RandomNode(seed: seed)
    for _ in 1...10 { try await walk.step(try node.next()) }
  }

  @Test("When the first services of IPv4 come before those of IPv6")
  func firstOfIPv4() async throws {
    let new = try Self.reading(.ipv4, count: 3)
    let old = try Self.reading(.ipv6, count: 5)
    try await walk([[old], [new, old], [new, old], [old]])
  }

  @Test("When services of IPv4 grow by a block before those of IPv6")
  func growth() async throws {
    let steps = try [500, 1_200, 1_200, 600, 20].map { count in
      try [Self.reading(.ipv4, count: count), Self.reading(.ipv6, count: 5)]
    }
    try await walk(steps)
  }

  @Test("When one backend's family has the rules' series instead of the other's")
  func backends() async throws {
    let snapshot = try ServicesText.ruleset(.ipv4, count: 3).snapshot()
    let other = try ServicesText.ruleset(.ipv6, count: 2).snapshot()
    try await walk([
      [FamilyReading(snapshot)], [FamilyReading(snapshot.with(backend: .nft))],
      [FamilyReading(other)],
    ])
  }

  /// In nf_tables: for the legacy backend's sake nothing that is rendered is kept from one reading to the
  /// next.
  private static func reading(_ family: IPFamily, count: Int) throws -> FamilyReading {
    FamilyReading(try ServicesText.ruleset(family, count: count).snapshot().with(backend: .nft))
  }

  private func walk(_ steps: [[FamilyReading]]) async throws {
    for format in ExpositionFormat.allCases {
      var walk = WarmColdWalk(seed: 1, format)
      for step in steps { try await walk.step(RulesetReading(families: step)) }
    }
  }

  @Test("Of the kernel's tables, at random", .liveKernel, arguments: Backend.allCases)
  func kernel(_ backend: Backend) async throws {
    let end = ContinuousClock.now + Self.liveDuration
    var seed: UInt64 = 0
    repeat {
      seed += 1
      var walk = WarmColdWalk(seed: seed)
      // Of the warm source, and of one that was just made.
      var node = LiveNode(seed: seed, backend)
      let steps = try node.walk(steps: 8, until: end)
      for step in steps { try await walk.step(step.warm, cold: step.cold) }
    } while ContinuousClock.now < end
  }

  /// For how long each of the kernel's backends is walked: `KIE_WALK_SECONDS`, or 3.
  private static let liveDuration: Duration = .seconds(
    ProcessInfo.processInfo.environment["KIE_WALK_SECONDS"].flatMap(Int.init) ?? 3)
}

/// A walk through readings: each page of one exporter that sees them all is held against that of a new
/// one.
struct WarmColdWalk {
  private let source: SettableSource.Reading
  private let warm: Exporter
  private let options: ExporterOptions
  private let format: ExpositionFormat?
  private let seed: UInt64
  private var random: SplitMix64
  private var number = 0

  /// The seeds of the random histories, of ten steps each: a tenth of `KIE_WALK_STEPS` of them, or 6, from
  /// `KIE_WALK_SEED` on, or 1.
  static let histories: Range<UInt64> = {
    let first = number("KIE_WALK_SEED") ?? 1
    return first..<first + (number("KIE_WALK_STEPS") ?? 60) / 10
  }()

  private static func number(_ variable: String) -> UInt64? {
    ProcessInfo.processInfo.environment[variable].flatMap(UInt64.init)
  }

  /// - Parameter format: nil for either at random.
  init(seed: UInt64, _ format: ExpositionFormat? = nil) {
    random = SplitMix64(seed: seed)
    options = .plain(
      collectors: Set(Collector.allCases),
      selection: ServiceSelection(limit: Bool.random(using: &random) ? nil : 700))
    source = SettableSource.Reading()
    warm = Exporter(SettableSource(source), options)
    self.seed = seed
    self.format = format
  }

  mutating func step(_ reading: RulesetReading, cold other: RulesetReading? = nil) async throws {
    number += 1
    source.set(reading)
    let format =
      format ?? ExpositionFormat.allCases.randomElement(using: &random) ?? .text
    let request = ScrapeRequest(
      format: format, scraper: Bool.random(using: &random) ? "10.0.0.1" : "10.0.0.2")
    let cold = Exporter(readings: [other ?? reading], options)
    ExpositionOutline.expectSame(
      warm: try await warm.scrape(request), cold: try await cold.scrape(request),
      "seed \(seed), step \(number), \(format)")
  }
}

/// A source that reads what it was last told.
final class SettableSource: RulesetSource {
  final class Reading: Sendable {
    private let reading = Mutex(RulesetReading(families: []))

    var value: RulesetReading { reading.withLock { $0 } }

    func set(_ new: RulesetReading) { reading.withLock { $0 = new } }
  }

  private let reading: Reading

  init(_ reading: Reading) { self.reading = reading }

  func read(_: CounterSelection) -> RulesetReading { reading.value }

  func mayHaveChanged() -> Bool { true }
}
