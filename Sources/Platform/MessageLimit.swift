internal import Synchronization

/// Lets a message of one kind be logged once a minute, however often a client causes it.
///
///     if let more = limit.admit() {
///       logger.warning("…", metadata: ["left_out": "\(more)"])
///     }
public final class MessageLimit: Sendable {
  private struct State {
    var next: ContinuousClock.Instant?
    var leftOut = 0
  }

  private let interval: Duration
  private let state = Mutex(State())

  public init(interval: Duration = .seconds(60)) { self.interval = interval }

  /// Whether the message may be logged now: then how many were left out since the last one, else nil.
  public func admit(at now: ContinuousClock.Instant = .now) -> Int? {
    state.withLock { state in
      if let next = state.next, now < next {
        state.leftOut += 1
        return nil
      }
      defer { state = State(next: now + interval) }
      return state.leftOut
    }
  }
}
