import Synchronization
import TestSupport
import Testing

@testable import Collectors
@testable import Tracking

@Suite("What came since a scraper's last scrape")
struct ScraperTests {
  private static let creation = ArticleCreation.messiest
  private static let moved = Dictionary(
    uniqueKeysWithValues: creation.moved.map { ($0, 2.0) })

  /// An exporter whose first reading is before the change, and all others after it.
  private func exporter(readingsBefore: Int = 1) throws -> Exporter {
    let before = try Self.creation.before()
    return try Exporter(
      rulesets: Array(repeating: before, count: readingsBefore) + [Self.creation.after()])
  }

  @Test("A scraper's first scrape shows no churn, though there was some")
  func firstScrape() async throws {
    let exporter = try exporter()
    _ = try await exporter.metrics("10.0.0.1")
    _ = try await exporter.metrics("10.0.0.1")
    let first = try await exporter.metrics("10.0.0.2")
    #expect(first.nonzeroServices("rules_moved_since_last_scrape").isEmpty)
    #expect(first.sum("iptables_rule_changes_since_last_scrape") == 0)
    #expect(first.nonzeroServices("rule_changes_total", where: ["change": "moved"]) == Self.moved)
  }

  @Test("Scrapers don't take each other's churn")
  func twoScrapers() async throws {
    let exporter = try exporter(readingsBefore: 2)
    for scraper in ["10.0.0.1", "10.0.0.2"] { _ = try await exporter.metrics(scraper) }
    for scraper in ["10.0.0.1", "10.0.0.2"] {
      let metrics = try await exporter.metrics(scraper)
      #expect(metrics.nonzeroServices("rules_moved_since_last_scrape") == Self.moved)
      #expect(metrics.sum("iptables_rule_changes_since_last_scrape") == 11)
    }
    for scraper in ["10.0.0.1", "10.0.0.2"] {
      let metrics = try await exporter.metrics(scraper)
      #expect(metrics.nonzeroServices("rules_moved_since_last_scrape").isEmpty)
      #expect(metrics.sum("iptables_rule_changes_since_last_scrape") == 0)
    }
  }

  @Test("An answer that doesn't reach the scraper takes nothing")
  func unanswered() async throws {
    let exporter = try exporter()
    _ = try await exporter.metrics()
    for _ in 1...2 {
      let metrics = try await exporter.metrics(isAnswered: false)
      #expect(metrics.nonzeroServices("rules_moved_since_last_scrape") == Self.moved)
    }
    let metrics = try await exporter.metrics()
    #expect(metrics.nonzeroServices("rules_moved_since_last_scrape") == Self.moved)
  }

  @Test("An answer that doesn't reach the scraper is no first scrape")
  func unansweredFirst() async throws {
    let exporter = try exporter()
    _ = try await exporter.metrics(isAnswered: false)
    let metrics = try await exporter.metrics()
    #expect(metrics.nonzeroServices("rules_moved_since_last_scrape").isEmpty)
  }

  @Test("Changes between two scrapes add up")
  func severalChanges() async throws {
    let states = [try Self.creation.before(), try Self.creation.after()]
    let exporter = try Exporter(rulesets: states + states + [states[1]])
    _ = try await exporter.metrics("10.0.0.1")
    for _ in 1...3 { _ = try await exporter.metrics("10.0.0.2") }
    let metrics = try await exporter.metrics("10.0.0.1")
    let total = metrics.nonzeroServices("rule_changes_total", where: ["change": "moved"])
    #expect(metrics.nonzeroServices("rules_moved_since_last_scrape") == total)
    #expect(total["default/kubernetes:https TCP", default: 0] >= 4)
  }

  @Test("Many scrapers are remembered, though not all for ever")
  func manyScrapers() async throws {
    let exporter = try exporter(readingsBefore: 1_002)
    _ = try await exporter.metrics("early")
    for number in 1...1_000 {
      _ = try await exporter.scrape(ScrapeRequest(scraper: "\(number)", collect: ["services"]))
    }
    _ = try await exporter.metrics("late")
    let late = try await exporter.metrics("late")
    #expect(late.nonzeroServices("rules_moved_since_last_scrape") == Self.moved)
    let early = try await exporter.metrics("early")
    #expect(early.nonzeroServices("rules_moved_since_last_scrape").isEmpty)
  }

  @Test("Can be switched off, and then no scraper is told")
  func off() async throws {
    var options = ExporterOptions.plain()
    options.comparesScrapes = false
    let exporter = try Exporter(
      rulesets: [Self.creation.before(), Self.creation.after()], options)
    for _ in 1...3 {
      let metrics = try await exporter.metrics()
      #expect(!metrics.series.contains { $0.name.hasSuffix("_since_last_scrape") })
    }
    let metrics = try await exporter.metrics()
    #expect(metrics.nonzeroServices("rule_changes_total", where: ["change": "moved"]) == Self.moved)
    #expect(!exporter.remembers("10.0.0.1"))
  }

  @Test("Is remembered of who was answered")
  func remembered() async throws {
    let exporter = try exporter()
    _ = try await exporter.metrics()
    #expect(exporter.remembers("10.0.0.1"))
    #expect(!exporter.remembers("10.0.0.2"))
  }
}

extension Exporter {
  /// Whether it knows what it told a scraper.
  fileprivate func remembers(_ scraper: String) -> Bool {
    memory.withLock { memory in
      Collector.allCases.contains { memory.mark(of: scraper, $0.name) != nil }
    }
  }
}
