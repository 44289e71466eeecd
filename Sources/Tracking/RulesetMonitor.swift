package import IPTablesSource
package import Logging
internal import Netfilter
internal import Platform

/// Reads the rules when somebody asks. Everybody who asks meanwhile shares the reading. Afterwards it gives back
/// the memory that the reading took.
package actor RulesetMonitor {
  private let reader: RulesetReader
  private let makeRoom: @Sendable () -> Void
  private var isReading = false
  /// Who waits for a reading, by number.
  private var waiting: [UInt64: Waiter] = [:]
  /// The last reading, for callers that accept it. It is dropped before the next one, because the tracker would
  /// have to copy what both hold.
  private var last: RulesetReader.Reading?
  private var lastNumber: UInt64 = 0
  /// How many callers use a reading's state.
  private var users = 0
  /// Whether the next reading is likely to need much memory for a moment.
  private var readsInBulk = true
  /// Whether the last reading took memory that is worth giving back at once.
  private var wasLong = false
  /// When somebody last used a reading.
  private var lastUse = ContinuousClock.now
  /// Whether memory is going to be given back, after a while.
  private var isReleasePending = false
  /// Whether a reading has succeeded since the start.
  package private(set) var hasRead = false

  private struct Waiter {
    let counters: CounterSelection
    let continuation: CheckedContinuation<RulesetState?, Never>
    /// Ends the wait.
    let timer: Task<Void, Never>?
  }

  /// - Parameters:
  ///   - subjects: What is followed.
  ///   - now: Returns the time of a reading.
  ///   - makeRoom: Lets go of what was made from readings. It is called before a reading that may need much
  ///     memory, and when nobody uses such a reading any more.
  package init(
    source: sending any RulesetSource, subjects: TrackedSubjects, logger: Logger,
    now: @escaping @Sendable () -> Moment, makeRoom: @escaping @Sendable () -> Void
  ) {
    self.makeRoom = makeRoom
    reader = RulesetReader(source: source, subjects: subjects, logger: logger, now: now)
  }

  // MARK: Waiting

  /// Calls `body` with the state of a reading that ends after this call and has at least these counters. A reading
  /// that is under way serves as well.
  ///
  /// - Parameters:
  ///   - timeout: How long to wait for the reading; nil for as long as it takes.
  ///   - earliest: The earliest time of a finished reading that serves too; nil if a new one is needed.
  ///   - body: Runs where the caller runs.
  /// - Returns: Nil where the reading takes longer. It goes on, and serves whoever asks next.
  package nonisolated func withState<Answer: Sendable>(
    _ counters: CounterSelection, within timeout: Duration? = nil,
    since earliest: ContinuousClock.Instant? = nil, _ body: (RulesetState) -> Answer
  ) async -> Answer? {
    // The state must be gone when its memory is given back.
    let answer = await state(counters, within: timeout, since: earliest).map(body)
    if answer != nil { await leave() }
    return answer
  }

  private func state(
    _ counters: CounterSelection, within timeout: Duration?,
    since earliest: ContinuousClock.Instant?
  ) async -> RulesetState? {
    if let earliest, let last, let time = last.state.reading.time, time.instant >= earliest,
      last.counters.isSuperset(of: counters)
    {
      users += 1
      return last.state
    }
    lastNumber += 1
    let number = lastNumber
    let timer = timeout.map { timeout in
      Task {
        // Who is answered needs no end.
        if (try? await Task.sleep(for: timeout)) != nil { answer(number, nil) }
      }
    }
    return await withCheckedContinuation { continuation in
      waiting[number] = Waiter(counters: counters, continuation: continuation, timer: timer)
      readForAll()
    }
  }

  private func answer(_ number: UInt64, _ state: RulesetState?) {
    guard let waiter = waiting.removeValue(forKey: number) else { return }
    waiter.timer?.cancel()
    if state != nil { users += 1 }
    waiter.continuation.resume(returning: state)
  }

  private func leave() {
    users -= 1
    // Nobody's answer waits for that.
    if users == 0 { Task { await giveMemoryBack() } }
  }

  // MARK: Reading

  /// Makes a reading that no scrape asked for, if something may have changed since the last one,
  /// or none has succeeded yet.
  ///
  /// - Parameter processorTime: What the process has used so far.
  /// - Returns: What the reading took of the processor's time; nil if there was none.
  package func readIfChanged(_ processorTime: @Sendable () -> Duration) async -> Duration? {
    if isReading { return nil }
    if hasRead {
      // Meanwhile a scrape may have come.
      guard await reader.mayHaveChanged(), !isReading else { return nil }
    }
    let start = processorTime()
    await read([], isAsked: false)
    return processorTime() - start
  }

  /// Makes a reading that no scrape asked for, if none has succeeded yet.
  package func readUnlessReady() async {
    // With all counters, which come with the rules at first: so it serves a scrape that waits.
    if !hasRead, !isReading { await read(.all, isAsked: false) }
  }

  /// Reads for those who wait, unless a reading is under way, which may serve them.
  private func readForAll() {
    if isReading || waiting.isEmpty { return }
    isReading = true
    Task { await read([], isAsked: true) }
  }

  /// Reads, with these counters and those that somebody waits for.
  private func read(_ counters: CounterSelection, isAsked: Bool) async {
    isReading = true
    last = nil
    if readsInBulk { makeRoom() }
    let needs = waiting.values.reduce(counters) { $0.union($1.counters) }
    answerAll(await reader.read(needs, isAsked: isAsked))
    readForAll()
    await giveMemoryBack()
  }

  private func answerAll(_ reading: RulesetReader.Reading) {
    isReading = false
    last = reading
    readsInBulk = reading.isInBulk
    wasLong = reading.state.reading.duration > Self.longReading
    hasRead = hasRead || reading.state.isSuccess
    for (number, waiter) in waiting where reading.counters.isSuperset(of: waiter.counters) {
      answer(number, reading.state)
    }
  }

  /// A reading that takes so many seconds also takes memory that is worth giving back.
  private static let longReading = 0.05

  /// Gives free memory back to the system, when nobody waits for a reading or uses one. After a large reading
  /// it does so at once. After a small one it waits until nobody has asked for a second, because the next
  /// reading could use the memory again.
  private func giveMemoryBack() async {
    if isReading || users > 0 { return }
    if readsInBulk { makeRoom() }
    lastUse = .now
    if wasLong {
      await reader.releaseFreeMemory()
    } else if !isReleasePending {
      isReleasePending = true
      Task { await releaseLater() }
    }
  }

  private func releaseLater() async {
    while lastUse + .seconds(1) > .now {
      try? await Task.sleep(until: lastUse + .seconds(1), clock: .continuous)
    }
    isReleasePending = false
    if !isReading, users == 0 { await reader.releaseFreeMemory() }
  }
}

/// Reads the rules and follows what changes. It has a thread of its own, because a reading blocks.
private actor RulesetReader {
  private let executor = BlockingExecutor(label: "reading")
  private let source: any RulesetSource
  private let now: @Sendable () -> Moment
  private var tracker: RulesetTracker
  private var log: ReadingLog
  private var (readings, unasked): (UInt64, UInt64) = (0, 0)

  struct Reading {
    let state: RulesetState
    /// What it has at least.
    let counters: CounterSelection
    /// Whether it followed legacy tables, which the kernel hands over whole.
    let isInBulk: Bool
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  init(
    source: sending any RulesetSource, subjects: TrackedSubjects, logger: Logger,
    now: @escaping @Sendable () -> Moment
  ) {
    self.source = source
    self.now = now
    tracker = RulesetTracker(subjects, now: now)
    log = ReadingLog(logger)
  }

  func mayHaveChanged() -> Bool { source.mayHaveChanged() }

  func read(_ counters: CounterSelection, isAsked: Bool) -> Reading {
    readings += 1
    if !isAsked { unasked += 1 }
    let start = ContinuousClock.now
    let reading = source.read(counters)
    let time = now()
    var state = tracker.take(reading, at: time)
    log.note(state)
    state.reading = ReadingAccount(
      number: readings, unasked: unasked, duration: (.now - start) / .seconds(1),
      time: time)
    return Reading(
      state: state, counters: counters.union(reading.counters),
      isInBulk: state.families.contains { $0.backend == .legacy && $0.isFollowed })
  }

  func releaseFreeMemory() { Allocator.releaseFreeMemory() }
}
