internal import Synchronization

/// Lets a bounded number of requests in at once.
final class RequestGate: Sendable {
  private let limit: Int
  private let count = Mutex(0)

  /// - Parameter limit: the number; 0 for no bound.
  init(limit: Int) { self.limit = limit }

  /// Whether one more may come in; then it must ``leave()``.
  func enter() -> Bool {
    count.withLock { count in
      if limit > 0, count >= limit { return false }
      count += 1
      return true
    }
  }

  /// Lets one out.
  ///
  /// - Returns: whether it was the last one.
  func leave() -> Bool {
    count.withLock { count in
      count -= 1
      return count == 0
    }
  }
}
