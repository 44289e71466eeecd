import Collectors
import IPTablesSource
import Synchronization
import TestSupport
import Testing

@Suite("Scrapes while a reading is under way", .timeLimit(.minutes(2)))
struct ConcurrentScrapeTests {
  private typealias Gate = HeldSource.Gate

  @Test("A hundred share it")
  func oneReading() async throws {
    let gate = Gate()
    let steps = [[try FamilyReading(ArticleCreation.messiest.before())]]
    let exporter = Exporter(HeldSource(steps, gate))
    let readings = try await withThrowingTaskGroup(of: Double?.self) { group in
      for number in 1...100 {
        group.addTask {
          gate.scrapes.add(1, ordering: .relaxed)
          let metrics = try await exporter.metrics("10.0.0.\(number)")
          #expect(metrics.services().count == 4)
          return metrics["iptables_readings_total"]
        }
      }
      try await gate.untilAsked(by: 100)
      gate.open()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(readings == Array(repeating: 1, count: 100))
    #expect(try await exporter.metrics()["iptables_readings_total"] == 2)
  }

  @Test("Those that need other counters share the next one, which has all of them")
  func otherCounters() async throws {
    let gate = Gate()
    let record = SourceRecord()
    let steps = [[try FamilyReading(ArticleCreation.messiest.before())]]
    let exporter = Exporter(HeldSource(steps, gate, record))
    let needs = ["services", "tables", "connections", "services", "tables", "connections"]
    let readings = try await withThrowingTaskGroup(of: (String, Double?).self) { group in
      group.addTask { ("services", try await Self.reading(exporter, "services")) }
      try await gate.untilRead(1)
      for need in needs {
        group.addTask {
          gate.scrapes.add(1, ordering: .relaxed)
          return (need, try await Self.reading(exporter, need))
        }
      }
      try await gate.untilAsked(by: needs.count)
      gate.open()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    // Who needs no counters may get either.
    for (need, number) in readings where need != "services" { #expect(number == 2) }
    #expect(readings.allSatisfy { $0.1 == 1 || $0.1 == 2 })
    #expect(record.asked == [[], [.connections, .policies]])
    // Nobody who was answered still waits.
    _ = try await Self.reading(exporter, "tables")
    #expect(record.asked == [[], [.connections, .policies], .policies])
  }

  /// The number of the reading that a scrape of one collector got.
  private static func reading(_ exporter: Exporter, _ collector: String) async throws -> Double? {
    let request = ScrapeRequest(scraper: "10.0.0.1", collect: [collector])
    return try await exporter.metrics(request)["iptables_readings_total"]
  }

  @Test("One that can't wait so long is answered without it, and loses nothing")
  func timeout() async throws {
    let creation = ArticleCreation.messiest
    let gate = Gate()
    let steps = [
      [try FamilyReading(creation.before())], [try FamilyReading(creation.after())],
    ]
    let exporter = Exporter(HeldSource(steps, gate))
    gate.open()
    #expect(try await exporter.metrics().services().count == 4)

    gate.close()
    let request = ScrapeRequest(scraper: "10.0.0.1", timeout: .milliseconds(200))
    let late = try await exporter.metrics(request)
    #expect(late.all("iptables_up").isEmpty)
    #expect(late.services().isEmpty)
    #expect(late.all("iptables_scrape_collector_success").count == Collector.byDefault.count)
    #expect(late.all("iptables_scrape_collector_success").values.allSatisfy { $0 == 0 })

    gate.open()
    let next = try await exporter.metrics()
    #expect(next.nonzeroServices("rules_moved_since_last_scrape").count == creation.moved.count)
  }

  @Test("For one that could not wait, nothing is read any more")
  func givenUp() async throws {
    let gate = Gate()
    let record = SourceRecord()
    let steps = [[try FamilyReading(ArticleCreation.messiest.before())]]
    let exporter = Exporter(HeldSource(steps, gate, record))
    async let first = Self.reading(exporter, "services")
    try await gate.untilRead(1)
    let late = try await exporter.metrics(
      ScrapeRequest(
        scraper: "10.0.0.1", collect: ["connections"], timeout: .milliseconds(100)))
    #expect(late.all("iptables_up").isEmpty)
    gate.open()
    #expect(try await first == 1)
    #expect(try await Self.reading(exporter, "services") == 2)
    #expect(record.asked == [[], []])
  }

  @Test("One that can wait is answered with it")
  func patience() async throws {
    let exporter = try Exporter(rulesets: [ArticleCreation.messiest.before()])
    let request = ScrapeRequest(scraper: "10.0.0.1", timeout: .seconds(100))
    #expect(try await exporter.metrics(request).services().count == 4)
  }

  @Test("One after the other, each has a reading of its own")
  func oneAfterTheOther() async throws {
    let exporter = try Exporter(rulesets: [ArticleCreation.messiest.before()])
    for number in 1...5 {
      #expect(try await exporter.metrics()["iptables_readings_total"] == Double(number))
    }
  }
}
