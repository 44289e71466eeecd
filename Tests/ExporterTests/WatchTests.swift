import Collectors
import IPTablesSource
import TestSupport
import Testing

@Suite("Readings that no scrape asked for", .timeLimit(.minutes(1)))
struct WatchTests {
  /// An exporter that is watched by a clock of its own.
  private struct Watch {
    let exporter: Exporter
    let record = SourceRecord()
    let clock = ManualClock()

    init(_ steps: [[FamilyReading]], followsConnections: Bool = false) {
      exporter = Exporter(
        source: ScriptedSource(steps, record),
        connections: followsConnections
          ? ScriptedConnections(ScriptedConnections.Script()) : nil,
        options: .plain(), logger: LogRecord().logger)
    }

    /// Runs `body` beside the watch, once the first reading is made.
    func run(_ body: () async throws -> Void) async throws {
      let watching = Task { [exporter, record, clock] in
        await exporter.watch(every: .seconds(1), clock: clock) { record.processorTime }
      }
      await clock.untilSomebodySleeps()
      do { try await body() } catch {
        watching.cancel()
        throw error
      }
      watching.cancel()
      await watching.value
    }

    /// Lets so many seconds pass, and gives the seconds at which there was a reading.
    func readings(in seconds: Int) async -> [Int] {
      var readings: [Int] = []
      for second in 1...seconds {
        let before = record.asked.count
        clock.advance(by: .seconds(1))
        await clock.untilSomebodySleeps()
        if record.asked.count > before { readings.append(second) }
      }
      return readings
    }
  }

  private static let creation = ArticleCreation.messiest

  private static func steps() throws -> [[FamilyReading]] {
    [[try FamilyReading(creation.before())], [try FamilyReading(creation.after())]]
  }

  @Test("Are made at the start, and then when something may have changed, without counters")
  func changes() async throws {
    let watch = Watch(try Self.steps())
    watch.record.mayHaveChanged = false
    try await watch.run {
      #expect(watch.record.asked == [[]])
      #expect(await watch.readings(in: 3) == [])
      watch.record.mayHaveChanged = true
      #expect(await watch.readings(in: 1) == [1])
      watch.record.mayHaveChanged = false
      #expect(await watch.readings(in: 3) == [])
      #expect(watch.record.asked == [[], []])
    }
  }

  @Test("Count what comes between scrapes, from the start")
  func churn() async throws {
    let (before, after) = (
      try FamilyReading(Self.creation.before()), try FamilyReading(Self.creation.after())
    )
    let watch = Watch([[before], [after], [before], [after]])
    try await watch.run {
      #expect(await watch.readings(in: 2) == [1, 2])
      let metrics = try await watch.exporter.metrics()
      // Thrice, of which the scrape saw the last.
      #expect(
        metrics.sum("iptables_rule_changes_total", where: ["change": "added"]) == 14)
      #expect(
        metrics.sum("iptables_rule_changes_total", where: ["change": "removed"]) == 7)
      #expect(metrics["iptables_readings_total"] == 4)
      #expect(metrics["iptables_watch_readings_total"] == 3)
    }
  }

  @Test("Take no more than a twentieth of a processor", arguments: [1, 49, 50, 150, 400, 2_000])
  func budget(_ milliseconds: Int) async throws {
    let watch = Watch(try Self.steps())
    watch.record.mayHaveChanged = true
    watch.record.cost = .milliseconds(milliseconds)
    try await watch.run {
      let seconds = 200
      let readings = await watch.readings(in: seconds)
      // Whatever is read takes twenty times as long till the next.
      let pause = max(1, (milliseconds * 20 + 999) / 1_000)
      #expect(readings == Array(stride(from: pause, through: seconds, by: pause)))
      #expect(watch.record.processorTime <= .seconds(seconds) / 20 + watch.record.cost)
    }
  }

  @Test("Don't delay a scrape, nor does a scrape delay them")
  func scrapes() async throws {
    let watch = Watch(try Self.steps())
    watch.record.mayHaveChanged = true
    watch.record.cost = .milliseconds(150)
    try await watch.run {
      for number in 1...10 {
        let metrics = try await watch.exporter.metrics()
        #expect(metrics["iptables_readings_total"] == Double(1 + number))
        #expect(metrics["iptables_watch_readings_total"] == 1)
      }
      #expect(
        watch.record.asked == [[]]
          + Array(repeating: [.policies, .connections, .accounts, .conntrack], count: 10))
      #expect(await watch.readings(in: 6) == [3, 6])
    }
  }

  @Test("Leave a part of their time to dumps of the connection table, where there are any")
  func sharedTime() async throws {
    let watch = Watch(try Self.steps(), followsConnections: true)
    watch.record.mayHaveChanged = true
    watch.record.cost = .milliseconds(149)
    try await watch.run {
      // At 3% of the time, not 5%.
      #expect(await watch.readings(in: 11) == [5, 10])
    }
  }

  @Test("Don't serve a scrape that comes later: it has a reading of its own")
  func later() async throws {
    let watch = Watch(try Self.steps())
    watch.record.mayHaveChanged = false
    try await watch.run {
      let metrics = try await watch.exporter.metrics()
      #expect(metrics.services().contains(Self.creation.service))
      #expect(watch.record.asked == [[], [.policies, .connections, .accounts, .conntrack]])
    }
  }

  @Test("End when they are told to")
  func end() async throws {
    let watch = Watch(try Self.steps())
    watch.record.mayHaveChanged = true
    try await watch.run {}
    watch.clock.advance(by: .seconds(10))
    #expect(watch.record.asked.count == 1)
  }

  @Test("Are none without a watch")
  func off() async throws {
    let exporter = Exporter(steps: try Self.steps())
    #expect(try await exporter.metrics()["iptables_watch_readings_total"] == 0)
  }
}
