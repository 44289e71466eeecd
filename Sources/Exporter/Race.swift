internal import Synchronization

/// Waits for the first of two results, without waiting for the other.
final class Race<Value: Sendable>: Sendable {
  private enum State {
    case open
    case awaited(CheckedContinuation<Value?, Never>)
    case finished(Value?)
  }

  private let state = Mutex(State.open)

  /// Gives a result; only the first counts.
  func finish(_ value: Value?) {
    let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
      switch state {
      case .open:
        state = .finished(value)
        return nil
      case .awaited(let continuation):
        state = .finished(value)
        return continuation
      case .finished:
        return nil
      }
    }
    continuation?.resume(returning: value)
  }

  /// The first result. To be awaited once.
  func result() async -> Value? {
    await withCheckedContinuation { continuation in
      let value: Value?? = state.withLock { state in
        if case .finished(let value) = state { return .some(value) }
        state = .awaited(continuation)
        return .none
      }
      if case .some(let value) = value { continuation.resume(returning: value) }
    }
  }
}
