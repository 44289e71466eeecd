import Dispatch
import Exporter
import IPTablesSource
import Synchronization
import TestSupport
import Testing

@Suite("Scrapes while a reading is under way", .timeLimit(.minutes(2)))
struct ConcurrentScrapeTests {
  /// A source whose readings wait until they may go on.
  private final class HeldSource: RulesetSource {
    private let readings: ScriptedSource
    private let gate: Gate

    init(_ steps: [[FamilyReading]], _ gate: Gate) {
      readings = ScriptedSource(steps)
      self.gate = gate
    }

    func read(_ counters: CounterSelection) -> RulesetReading {
      gate.pass()
      return readings.read(counters)
    }

    func mayHaveChanged() -> Bool { readings.mayHaveChanged() }
  }

  /// Lets through, once it is open, all that come.
  private final class Gate: Sendable {
    /// How many scrapes are about to ask.
    let scrapes = Atomic(0)
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    /// To be called where it is open.
    func close() { semaphore.wait() }

    func pass() {
      semaphore.wait()
      semaphore.signal()
    }
  }

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
      while gate.scrapes.load(ordering: .relaxed) < 100 {
        try await Task.sleep(for: .milliseconds(1))
      }
      // From arriving to asking it is a few instructions.
      try await Task.sleep(for: .milliseconds(200))
      gate.open()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(readings == Array(repeating: 1, count: 100))
    #expect(try await exporter.metrics()["iptables_readings_total"] == 2)
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
    #expect(late.all("iptables_scrape_collector_success").count == 2)
    #expect(late.all("iptables_scrape_collector_success").values.allSatisfy { $0 == 0 })

    gate.open()
    let next = try await exporter.metrics()
    #expect(next.nonzeroServices("rules_moved_since_last_scrape").count == creation.moved.count)
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
