package import IPTablesSource
package import Logging
internal import Netfilter
internal import Platform
internal import Synchronization

/// Reads the rules when somebody asks, once for all who ask meanwhile, and follows what changes.
package actor RulesetMonitor {
  private let executor = BlockingExecutor(label: "reading")
  private let source: any RulesetSource
  private let onReading: @Sendable () -> Void
  private let now: @Sendable () -> Moment
  private var tracker: RulesetTracker
  private var log: ReadingLog
  private var last: Last?
  private var account = ReadingAccount()
  /// Gives memory back after a while.
  private var release: Task<Void, Never>?
  /// Whether the last reading followed legacy tables, which the kernel hands over whole.
  private let bulk = Atomic(true)
  private let succeeded = Atomic(false)
  /// How many wait for a reading with which counters.
  private let waiting = Mutex<[CounterSelection: Int]>([:])

  private struct Last {
    let state: RulesetState
    let counters: CounterSelection
    let ended: ContinuousClock.Instant
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// - Parameters:
  ///   - subjects: what is followed.
  ///   - now: Returns the time of a reading.
  ///   - onReading: called when a reading is about to begin that may need much memory.
  package init(
    source: sending any RulesetSource, subjects: TrackedSubjects, logger: Logger,
    now: @escaping @Sendable () -> Moment = Moment.now, onReading: @escaping @Sendable () -> Void
  ) {
    self.source = source
    self.onReading = onReading
    self.now = now
    tracker = RulesetTracker(subjects)
    log = ReadingLog(logger)
  }

  /// Whether the next reading is likely to need much memory for a moment.
  package nonisolated var readsInBulk: Bool { bulk.load(ordering: .relaxed) }

  /// Whether a reading has succeeded since the start.
  package nonisolated var hasRead: Bool { succeeded.load(ordering: .relaxed) }

  /// The state of a reading that ended after `arrival` and had at least these counters: one that was
  /// under way then serves as well.
  package nonisolated func state(
    asOf arrival: ContinuousClock.Instant, counters: CounterSelection
  ) async -> RulesetState {
    waiting.withLock { $0[counters, default: 0] += 1 }
    defer {
      waiting.withLock { waiting in
        waiting[counters, default: 1] -= 1
        if waiting[counters] == 0 { waiting[counters] = nil }
      }
    }
    return await stateInTurn(asOf: arrival, counters: counters)
  }

  private func stateInTurn(
    asOf arrival: ContinuousClock.Instant, counters: CounterSelection
  ) -> RulesetState {
    if let last, last.ended >= arrival, last.counters.isSuperset(of: counters) {
      return last.state
    }
    return read()
  }

  /// Makes a reading that no scrape asked for, if something may have changed since the last one,
  /// or none has succeeded yet.
  ///
  /// - Parameter processorTime: What the process has used so far.
  /// - Returns: What the reading took of the processor's time; nil if there was none.
  package func readIfChanged(_ processorTime: @Sendable () -> Duration) -> Duration? {
    !hasRead || source.mayHaveChanged() ? readUnasked([], processorTime) : nil
  }

  /// Makes a reading that no scrape asked for, if none has succeeded yet.
  package func readUnlessReady() {
    // With all counters, which come with the rules at first: so it serves a scrape that waits.
    if !hasRead { _ = readUnasked(.all) { .zero } }
  }

  private func readUnasked(
    _ counters: CounterSelection, _ processorTime: @Sendable () -> Duration
  ) -> Duration {
    let start = processorTime()
    account.unasked += 1
    _ = read(counters)
    releaseMemory()
    return processorTime() - start
  }

  /// A reading that takes so many seconds also takes memory that is worth giving back.
  private static let longReading = 0.05

  /// Gives free memory back to the system: at once after a large reading, a second later after a small
  /// one. If somebody asks within that second, the next reading uses the memory again.
  package func releaseMemory() {
    release?.cancel()
    if account.duration > Self.longReading {
      Allocator.releaseFreeMemory()
    } else {
      release = Task {
        guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
        Allocator.releaseFreeMemory()
      }
    }
  }

  /// Reads, with these counters and those that somebody waits for.
  private func read(_ counters: CounterSelection = []) -> RulesetState {
    if readsInBulk { onReading() }
    // What nobody will ask for any more makes room for what is to be read.
    last = nil
    account.number += 1
    let counters = waiting.withLock { $0.keys.reduce(counters) { $0.union($1) } }
    let start = ContinuousClock.now
    let reading = source.read(counters)
    var state = tracker.take(reading, at: now())
    log.note(reading, state.mode)
    log.note(state.servicePatternFailure, state.rulePatternFailure)
    account.duration = (.now - start).seconds
    state.reading = account
    bulk.store(
      state.families.contains { $0.backend == .legacy && $0.isFollowed }, ordering: .relaxed)
    if state.isSuccess { succeeded.store(true, ordering: .relaxed) }
    last = Last(state: state, counters: counters.union(reading.counters), ended: .now)
    return state
  }
}
