internal import Platform

extension Exporter {
  /// Reads until a reading succeeds, of those for scrapes too: so ``isReady`` comes where nobody watches.
  ///
  /// - Parameter interval: The time between two attempts.
  public func becomeReady(retryingEvery interval: Duration) async {
    while !Task.isCancelled, !isReady {
      await monitor.readUnlessReady()
      if !isReady { try? await Task.sleep(for: interval) }
    }
  }

  /// Looks for changes between scrapes until the task is cancelled, so that what comes and goes there
  /// is counted too.
  ///
  /// The first reading is made at once: changes count from there, and a first scrape is quick. Then the
  /// source is asked at every interval whether something may have changed, and read if so, or if no
  /// reading has succeeded yet. These
  /// readings take at most a twentieth of one processor; those for scrapes don't wait for that.
  ///
  /// - Parameter interval: The time between two looks.
  public func watch(every interval: Duration) async {
    await watch(every: interval, clock: ContinuousClock()) { ProcessorTime.ofThisProcess }
  }

  /// Does the same by another clock.
  ///
  /// - Parameters:
  ///   - interval: The time between two looks.
  ///   - clock: What the time is told by.
  ///   - processorTime: What the process has used of its processors so far: a reading may use several.
  public func watch<WatchClock: Clock>(
    every interval: Duration, clock: WatchClock, processorTime: @escaping @Sendable () -> Duration
  ) async where WatchClock.Duration == Duration {
    var budget = WatchBudget<WatchClock.Instant>()
    while !Task.isCancelled {
      if budget.allows(clock.now), let used = await monitor.readIfChanged(processorTime) {
        budget.note(used, endedAt: clock.now)
      }
      // Cancelled, it ends at once, and so does the loop.
      try? await clock.sleep(for: interval)
    }
  }
}
