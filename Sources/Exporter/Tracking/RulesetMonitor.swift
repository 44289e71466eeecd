internal import IPTablesSource
internal import Logging
internal import Netfilter
internal import Platform

/// Reads the rules when somebody asks, once for all who ask meanwhile, and follows what changes.
actor RulesetMonitor {
  private let executor = BlockingExecutor(label: "reading")
  private let source: any RulesetSource
  private let selection: ServiceSelection
  private let logger: Logger
  private let onReading: @Sendable () -> Void
  private var trackers: [Tracked: FamilyTracker] = [:]
  private var ledger = ChurnLedger()
  private var last: (state: RulesetState, ended: ContinuousClock.Instant)?
  /// The number of readings so far.
  private var readingCount: UInt64 = 0
  /// What was last logged as failing.
  private var failures: [Tracked: ReadingError] = [:]

  private struct Tracked: Hashable, Comparable {
    let backend: Backend
    let family: IPFamily

    static func < (left: Tracked, right: Tracked) -> Bool {
      (left.backend, left.family) < (right.backend, right.family)
    }
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// - Parameter onReading: called when a reading is about to begin.
  init(
    source: sending any RulesetSource, selection: ServiceSelection, logger: Logger,
    onReading: @escaping @Sendable () -> Void
  ) {
    self.source = source
    self.selection = selection
    self.logger = logger
    self.onReading = onReading
  }

  /// The state of a reading that ended after `arrival`: one that was under way then serves as well.
  func state(asOf arrival: ContinuousClock.Instant) -> RulesetState {
    if let last, last.ended >= arrival { return last.state }
    // What nobody will ask for any more makes room for what is to be read.
    last = nil
    let state = read()
    last = (state, .now)
    return state
  }

  /// Gives back what a large reading took.
  func releaseMemory() { Allocator.releaseFreeMemory() }

  private func read() -> RulesetState {
    onReading()
    readingCount += 1
    let start = ContinuousClock.now
    let readings = source.read(.all).families
    let time = WallClock.now
    var states: [Tracked: FamilyState] = [:]
    for reading in readings {
      let key = Tracked(backend: reading.backend, family: reading.family)
      var tracker =
        trackers.removeValue(forKey: key)
        ?? FamilyTracker(
          backend: reading.backend, family: reading.family, selection: selection)
      states[key] = tracker.take(reading.result, at: time, ledger: &ledger)
      trackers[key] = tracker
      log(reading.result, of: key)
    }
    return RulesetState(
      families: states.sorted { $0.key < $1.key }.map(\.value), ledger: ledger,
      number: readingCount, duration: (.now - start).seconds)
  }

  /// Says once that something fails, and once that it is well again.
  private func log(_ result: Result<FamilySnapshot, ReadingError>, of key: Tracked) {
    switch result {
    case .success:
      if failures.removeValue(forKey: key) != nil {
        logger.info(
          "reading works again",
          metadata: ["backend": "\(key.backend)", "ip_family": "\(key.family.rawValue)"])
      }
    case .failure(let error):
      guard failures.updateValue(error, forKey: key) != error else { return }
      logger.error(
        "reading failed",
        metadata: [
          "backend": "\(key.backend)", "ip_family": "\(key.family.rawValue)", "error": "\(error)",
        ])
    }
  }
}
