internal import Exposition
package import IPTablesSource
package import Logging
internal import Platform
internal import Synchronization
package import Tracking

/// Answers scrapes: reads the rules, and renders what the collectors make of them.
package final class Exporter: Sendable {
  private let monitor: RulesetMonitor
  /// Nil where connections are not followed.
  let connections: ConnectionMonitor?
  package let options: ExporterOptions
  /// Where the totals stood when each scraper was answered; empty if scrapes are not compared.
  let memory = Mutex(ScraperMemory())
  private let cache: RenderingCache
  private let logger: Logger
  private let timeouts = MessageLimit()
  package let now: @Sendable () -> Moment

  /// - Parameters:
  ///   - source: Where the rules come from; it is used by nobody else from now on.
  ///   - connections: Where connections come from; nil where they are not followed.
  ///   - now: Returns the time of readings, and the time from which the page computes ages.
  package init(
    source: sending any RulesetSource, connections: sending (any ConnectionSource)? = nil,
    options: ExporterOptions, logger: Logger,
    now: @escaping @Sendable () -> Moment = Moment.now
  ) {
    let cache = RenderingCache()
    self.cache = cache
    var subjects = Set(options.collectors.compactMap(\.subject))
    if options.exportsBeginnings { subjects.insert(.beginnings) }
    let monitor = RulesetMonitor(
      source: source,
      subjects: TrackedSubjects(subjects, services: options.selection, rules: options.rules),
      logger: logger, now: now, makeRoom: { cache.clear() })
    self.monitor = monitor
    if let connections, options.collectors.contains(.conntrack) {
      self.connections = ConnectionMonitor(
        source: connections, rules: monitor,
        countsEndpoints: options.collectors.contains(.endpoints), logger: logger, now: now)
    } else {
      self.connections = nil
    }
    self.options = options
    self.logger = logger
    self.now = now
  }

  /// Answers one scrape.
  ///
  /// Where the reading takes longer than the scraper waits, the answer comes in time without it, and
  /// says so: the collectors' success is 0.
  ///
  /// - Returns: the exposition in segments, to be sent one after the other.
  /// - Throws: ``ScrapeError`` where the request names collectors that can't be had.
  package func scrape(_ request: ScrapeRequest) async throws(ScrapeError) -> [[UInt8]] {
    let collectors = try collectors(for: request)
    let counters = collectors.reduce(CounterSelection()) { $0.union($1.counters) }
    let patience = request.timeout.map { max(.zero, $0 - min(Self.sendingTime, $0 / 4)) }
    let segments = await monitor.withState(counters, within: patience) { state in
      let segments = render(withConnections(state), collectors, request)
      if request.isAnswered { note(state.mark, collectors, request.scraper) }
      return segments
    }
    if let segments { return segments }
    if let leftOut = timeouts.admit() {
      logger.warning(
        "reading takes longer than the scrape timeout",
        metadata: ["scraper": "\(request.scraper)", "left_out": "\(leftOut)"])
    }
    return ending(
      collectors.map { ExporterMetrics.Outcome(collector: $0, isSuccess: false, duration: 0) },
      request.format)
  }

  /// Whether the rules could be read at least once since the start; that there are none is a success.
  package var isReady: Bool { get async { await monitor.hasRead } }

  /// Makes an answer from a reading. The reading's memory is given back after the last answer.
  ///
  /// - Parameter earliest: The earliest time of a finished reading that serves too; nil if a new one is needed.
  package func withState<Answer: Sendable>(
    _ counters: CounterSelection, since earliest: ContinuousClock.Instant?,
    _ body: (RulesetState) -> Answer
  ) async -> Answer? {
    await monitor.withState(counters, since: earliest) { body(withConnections($0)) }
  }

  private func withConnections(_ state: RulesetState) -> RulesetState {
    var state = state
    state.connections = connections?.report
    return state
  }

  /// What is left of a scrape's time for sending the answer; a quarter of a time that is short.
  private static let sendingTime = Duration.milliseconds(500)

  // MARK: Rendering

  private func collectors(for request: ScrapeRequest) throws(ScrapeError) -> [Collector] {
    if !request.collect.isEmpty, !request.exclude.isEmpty { throw .collectAndExclude }
    let (collect, exclude) = (try Self.named(request.collect), try Self.named(request.exclude))
    if let off = collect.subtracting(options.collectors).first {
      throw .disabledCollector(off.name)
    }
    return (collect.isEmpty ? options.collectors : collect).subtracting(exclude)
      .sorted { $0.name < $1.name }
  }

  private static func named(_ names: [String]) throws(ScrapeError) -> Set<Collector> {
    let collectors = Collector.allCases.filter { names.contains($0.name) }
    let known = Set(collectors.map(\.name))
    if let other = names.first(where: { !known.contains($0) }) { throw .unknownCollector(other) }
    return Set(collectors)
  }

  private func render(
    _ state: RulesetState, _ collectors: [Collector], _ request: ScrapeRequest
  ) -> [[UInt8]] {
    var writer = ExpositionWriter(request.format)
    ReadingMetrics.write(state, to: &writer)
    var segments = writer.finish()
    var outcomes: [ExporterMetrics.Outcome] = []
    for collector in collectors {
      let start = ContinuousClock.now
      var parts = collector.sharedParts(state)
      if options.comparesScrapes, let partsSince = collector.partsSince {
        let mark = memory.withLock { $0.mark(of: request.scraper, collector.name) }
        parts += partsSince(mark, state)
      }
      segments += cache.segments(of: parts, collector, request.format)
      outcomes.append(
        ExporterMetrics.Outcome(
          collector: collector,
          isSuccess: state.isComplete && collector.isComplete(state),
          duration: (.now - start) / .seconds(1)))
    }
    return segments + ending(outcomes, request.format)
  }

  /// Notes where the totals stand that a scraper is answered with.
  private func note(_ mark: ChurnMark, _ collectors: [Collector], _ scraper: String) {
    guard options.comparesScrapes else { return }
    memory.withLock { memory in
      for collector in collectors where collector.partsSince != nil {
        memory.note(mark, for: scraper, collector.name)
      }
    }
  }

  private func ending(
    _ outcomes: [ExporterMetrics.Outcome], _ format: ExpositionFormat
  ) -> [[UInt8]] {
    var writer = ExpositionWriter(format)
    ExporterMetrics.write(outcomes, options, to: &writer)
    return writer.finish() + [format.trailer]
  }
}

extension Exporter {
  /// Reads until a reading succeeds, of those for scrapes too: so ``isReady`` comes where nobody watches.
  ///
  /// - Parameter interval: The time between two attempts.
  package func becomeReady(retryingEvery interval: Duration) async {
    while !Task.isCancelled, await !isReady {
      await monitor.readUnlessReady()
      if await !isReady { try? await Task.sleep(for: interval) }
    }
  }

  /// Dumps the connection table again and again, until the task is cancelled. That takes at most a fiftieth
  /// of one processor.
  ///
  /// - Parameter interval: The time between two dumps.
  package func watchConnections(every interval: Duration) async {
    guard let connections else { return }
    var budget = WatchBudget<ContinuousClock.Instant>(share: Self.dumpShare)
    while !Task.isCancelled {
      if budget.allows(.now) {
        budget.note(await connections.dump { ProcessorTime.ofThisProcess }, endedAt: .now)
      }
      try? await Task.sleep(for: interval)
    }
  }

  /// Looks for changes between scrapes until the task is cancelled, so that what comes and goes there
  /// is counted too.
  ///
  /// The first reading is made at once: changes count from there, and a first scrape is quick. Then the
  /// source is asked at every interval whether something may have changed, and read if so, or if no
  /// reading has succeeded yet. These readings take at most a twentieth of one processor. Readings for scrapes
  /// don't wait for that.
  ///
  /// - Parameter interval: The time between two looks.
  package func watch(every interval: Duration) async {
    await watch(every: interval, clock: ContinuousClock()) { ProcessorTime.ofThisProcess }
  }

  /// Does the same by another clock.
  ///
  /// - Parameters:
  ///   - interval: The time between two looks.
  ///   - clock: The clock.
  ///   - processorTime: What the process has used of its processors so far: a reading may use several.
  package func watch<WatchClock: Clock>(
    every interval: Duration, clock: WatchClock, processorTime: @escaping @Sendable () -> Duration
  ) async where WatchClock.Duration == Duration {
    var budget = WatchBudget<WatchClock.Instant>(
      share: connections == nil ? Self.watchShare : Self.watchShareBesideDumps)
    while !Task.isCancelled {
      if budget.allows(clock.now), let used = await monitor.readIfChanged(processorTime) {
        budget.note(used, endedAt: clock.now)
      }
      // Cancelled, it ends at once, and so does the loop.
      try? await clock.sleep(for: interval)
    }
  }

  /// The part of one processor that readings may take that no scrape asks for, dumps of the connection table
  /// included: a twentieth.
  private static let watchShare = 0.05
  /// What dumps may take of it, and what they leave.
  private static let (dumpShare, watchShareBesideDumps) = (0.02, 0.03)
}

/// How soon the next reading may begin that no scrape asks for, so that all of them together take a
/// small part of one processor, however large the tables are.
struct WatchBudget<Instant: InstantProtocol> where Instant.Duration == Duration {
  /// The part of one processor that such readings may take.
  let share: Double
  private(set) var earliest: Instant?

  /// Whether a reading may begin now.
  func allows(_ now: Instant) -> Bool { earliest.map { now >= $0 } ?? true }

  /// Notes a reading that has ended now.
  mutating func note(_ processorTime: Duration, endedAt now: Instant) {
    earliest = now.advanced(by: processorTime / share)
  }
}
