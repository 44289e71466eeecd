import CGlibc
import Churn
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Collectors
@testable import Tracking

@Suite("The memory that scrapers need")
struct ScraperMemoryTests {
  /// 5,000 service ports of the two families, and what 128 scrapers may need of them together.
  private static let (servicePorts, limit) = (5_000, 20 << 20)

  @Test("Is in proportion at most 20 MB where each of 128 came after a reorder of its own")
  func measured() async throws {
    let (count, scrapers) = (400, 128)
    let forward = try ServicesText.ruleset(.ipv4, count: count).snapshot()
    let backward = forward.reordered()
    let source = SettableSource.Reading()
    source.set(RulesetReading(families: [FamilyReading(forward)]))
    let exporter = Exporter(SettableSource(source))
    /// Each rule of the dispatch chain moves, or nearly each.
    func scrape(_ number: Int) async throws {
      let snapshot = number % 2 == 0 ? forward : backward
      source.set(RulesetReading(families: [FamilyReading(snapshot)]))
      let request = ScrapeRequest(scraper: "10.0.0.\(number)", collect: ["services"])
      _ = try await exporter.scrape(request)
    }
    for _ in 1...2 {
      for number in 0...1 { try await scrape(number) }
    }
    /// The memory in use, without what was rendered: that is let go of before the question is answered.
    func memory() async -> Int {
      _ = await exporter.isReady
      return Int(mallinfo2().uordblks)
    }
    let before = await memory()
    for number in 0..<scrapers { try await scrape(number) }
    let used = await memory() - before
    #expect(used < Self.limit * count / Self.servicePorts)
    // All are remembered: nobody had to be forgotten for that.
    let metrics = try await exporter.metrics(
      ScrapeRequest(scraper: "10.0.0.0", collect: ["services"]))
    #expect(metrics.nonzeroServices("rules_moved_since_last_scrape").count >= count / 2)
  }

  private static func mark(ports: Int) -> ChurnMark {
    var services = RunningTotals<ChurnLedger.ServiceKey, ChangeCounts>(zero: .zero)
    for number in 0..<ports {
      let port = ServicePort(namespace: "shop", name: "\(number)", port: "", transport: .tcp)
      services.add(.moved, for: ChurnLedger.ServiceKey(family: .ipv4, port: port))
    }
    return ChurnMark(
      services: services.mark,
      scopes: RunningTotals<ChurnLedger.ScopeKey, ChangeCounts>(zero: .zero).mark)
  }

  @Test("Has a bound in bytes, beyond which those who came longest ago are forgotten")
  func bound() {
    let marks = (0..<4).map { _ in Self.mark(ports: 100) }
    var memory = ScraperMemory(byteLimit: 3 * marks[0].byteCount)
    for (number, mark) in marks.enumerated() { memory.note(mark, for: "\(number)", "services") }
    #expect((0..<4).filter { memory.mark(of: "\($0)", "services") != nil } == [1, 2, 3])
    // A single one stays, however large.
    let large = Self.mark(ports: 1_000)
    memory.note(large, for: "large", "services")
    #expect(memory.mark(of: "3", "services") == nil)
    #expect(memory.mark(of: "large", "services") === large)
  }

  @Test("Is shared by all who were answered with the same totals")
  func sharing() {
    let mark = Self.mark(ports: 100)
    var memory = ScraperMemory(byteLimit: mark.byteCount)
    for number in 0..<128 { memory.note(mark, for: "\(number)", "services") }
    #expect((0..<128).allSatisfy { memory.mark(of: "\($0)", "services") != nil })
  }
}

extension FamilySnapshot {
  /// The same rules with nat's dispatch chain the other way round.
  fileprivate func reordered() -> FamilySnapshot {
    FamilySnapshot(
      backend: backend, family: family,
      tables: tables.map { table in
        guard table.name == .nat else { return table }
        let chains = table.content.chains.map { chain in
          chain.name == "KUBE-SERVICES"
            ? Chain(name: chain.name, rules: RuleList(chain.rules.reversed())) : chain
        }
        return TableSnapshot(
          content: TableContent(family: family, name: .nat, chains: chains),
          counters: table.counters, policyCounters: table.policyCounters, size: table.size)
      })
  }
}
