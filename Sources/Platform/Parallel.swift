internal import Dispatch
internal import Synchronization

/// Work on several of the machine's processors at once.
public enum Parallel {
  /// Does pieces of work, and waits for all.
  ///
  /// - Parameters:
  ///   - count: the number of pieces.
  ///   - workers: how many are done at the same time, at most.
  ///   - makeState: makes what a worker keeps from piece to piece, given the worker's number.
  ///   - body: does a piece, given its number and the worker's state.
  /// - Returns: what came of them, in the order of the pieces.
  public static func map<Value: Sendable, State>(
    count: Int, workers: Int, state makeState: @Sendable (Int) -> State,
    _ body: @Sendable (Int, inout State) -> Value
  ) -> [Value] {
    if count <= 1 || workers <= 1 {
      var state = makeState(0)
      return (0..<count).map { body($0, &state) }
    }
    let values = Mutex([Value?](repeating: nil, count: count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(workers, count)) { worker in
      var state = makeState(worker)
      while true {
        let piece = next.add(1, ordering: .relaxed).oldValue
        if piece >= count { return }
        let value = body(piece, &state)
        values.withLock { $0[piece] = value }
      }
    }
    return values.withLock { $0.compactMap(\.self) }
  }
}
