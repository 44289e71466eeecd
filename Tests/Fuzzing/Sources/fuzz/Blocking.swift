import Dispatch
import Synchronization

/// Waits for work that isn't done on this thread: libFuzzer's callback can't.
enum Blocking {
  static func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
    let outcome = Outcome<Value>()
    Task.detached {
      let value = await work()
      outcome.value.withLock { $0 = value }
      outcome.isThere.signal()
    }
    outcome.isThere.wait()
    guard let value = outcome.value.withLock({ $0 }) else { fatalError("no value") }
    return value
  }

  private final class Outcome<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
    let isThere = DispatchSemaphore(value: 0)
  }
}
