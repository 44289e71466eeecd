internal import Dispatch
internal import Synchronization

/// Work on several of the machine's processors at once.
public enum Parallel {
  /// Does pieces of work, and waits for all.
  ///
  /// - Parameters:
  ///   - count: the number of pieces.
  ///   - workers: how many are done at the same time, at most.
  ///   - body: does a piece, given its number and that of the worker who does it, who does no other
  ///     meanwhile.
  /// - Returns: what came of them, in the order of the pieces.
  public static func map<Value: Sendable>(
    count: Int, workers: Int, _ body: @Sendable (Int, Int) -> Value
  ) -> [Value] {
    if count <= 1 || workers <= 1 { return (0..<count).map { body($0, 0) } }
    let values = Mutex([Value?](repeating: nil, count: count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(workers, count)) { worker in
      while true {
        let piece = next.add(1, ordering: .relaxed).oldValue
        if piece >= count { return }
        let value = body(piece, worker)
        values.withLock { $0[piece] = value }
      }
    }
    return values.withLock { $0.compactMap(\.self) }
  }
}
