internal import Harness
internal import Synchronization

/// What happened during the soak, told by all who take part.
final class SoakRecord: Sendable {
  struct Times {
    var count = 0
    var longest = Duration.zero

    mutating func add(_ duration: Duration) {
      count += 1
      longest = max(longest, duration)
    }
  }

  struct Content {
    var writes: [Backend: Times] = [:]
    var scrapes = Times()
    /// Scrapes by what was asked for.
    var requests: [ScrapeRequest: Int] = [:]
    /// Scrapes in which some reading had failed.
    var failedReadings = 0
    var promtoolChecks = 0
    var violationCount = 0
    /// The first violations.
    var violations: [String] = []
    var isAborted = false
  }

  private static let reportedViolations = 20

  private let start = ContinuousClock.now
  private let state = Mutex(Content())

  var content: Content { state.withLock { $0 } }

  /// Whether going on makes no sense.
  var isAborted: Bool { state.withLock(\.isAborted) }

  /// Performs a write to a backend and counts it.
  func write(_ backend: Backend, _ body: () throws -> Void) rethrows {
    let start = ContinuousClock.now
    try body()
    let duration = ContinuousClock.now - start
    state.withLock { $0.writes[backend, default: Times()].add(duration) }
  }

  func countScrape(_ request: ScrapeRequest, _ duration: Duration, hasFailedReading: Bool) {
    state.withLock {
      $0.scrapes.add(duration)
      $0.requests[request, default: 0] += 1
      $0.failedReadings += hasFailedReading ? 1 : 0
    }
  }

  func countPromtoolCheck() { state.withLock { $0.promtoolChecks += 1 } }

  /// Notes something that must not happen.
  func violation(_ text: String) {
    let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
    state.withLock {
      $0.violationCount += 1
      if $0.violations.count < Self.reportedViolations {
        $0.violations.append("after \(milliseconds) ms: \(text)")
      }
    }
  }

  /// Notes something after which nothing can be learned any more.
  func abort(_ text: String) {
    violation(text)
    state.withLock { $0.isAborted = true }
  }
}
