internal import Dispatch
internal import Synchronization

/// Runs an actor's jobs one after the other, outside the pool that serves everything else.
///
/// It is meant for calls that block, and for libraries that must be used by one thread at a time.
public final class BlockingExecutor: SerialExecutor {
  private let queue: DispatchQueue

  public init(label: String) { queue = DispatchQueue(label: label, qos: .userInitiated) }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedSerialExecutor()
    queue.async { unsafe job.runSynchronously(on: executor) }
  }
}

/// Calls a function, on a thread of its own, whenever a descriptor has something to read.
public final class DescriptorWatch: Sendable {
  private nonisolated(unsafe) let source: any DispatchSourceRead

  /// - Parameters:
  ///   - descriptor: The descriptor to watch.
  ///   - owner: The object that closes the descriptor; it is kept until the watch has ended.
  public init(_ descriptor: Int32, of owner: any AnyObject & Sendable, label: String) {
    unsafe source = DispatchSource.makeReadSource(
      fileDescriptor: descriptor, queue: DispatchQueue(label: label, qos: .utility))
    unsafe source.setCancelHandler { _ = owner }
  }

  /// Begins to watch. It must be called once.
  public func start(_ onReadable: @escaping @Sendable () -> Void) {
    unsafe source.setEventHandler(handler: onReadable)
    unsafe source.activate()
  }

  /// Ends the watch; a call that is under way goes on.
  public func cancel() { unsafe source.cancel() }
}

/// Work on several of the machine's processors at once.
public enum Parallel {
  /// Does pieces of work, and waits for all of them.
  ///
  /// - Parameters:
  ///   - count: The number of pieces.
  ///   - workers: How many pieces are done at the same time, at most.
  ///   - makeState: Makes what a worker keeps from piece to piece, given the worker's number.
  ///   - body: Does a piece, given its number and the worker's state.
  /// - Returns: The results, in the order of the pieces.
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

  /// Does two things, and waits for both. Each of them may use several processors itself. (Inside of
  /// ``map(count:workers:state:_:)`` nothing may: libdispatch does what is nested in it on one processor.)
  ///
  /// - Parameter isLarge: Whether they are much work, so that they are done at the same time.
  public static func both<First: Sendable, Second: Sendable>(
    isLarge: Bool, _ first: @Sendable () -> First, _ second: @escaping @Sendable () -> Second
  ) -> (First, Second) {
    guard isLarge, ProcessLimits.processors > 1 else { return (first(), second()) }
    let result = Mutex<Second?>(nil)
    let work = DispatchWorkItem {
      let value = second()
      result.withLock { $0 = value }
    }
    DispatchQueue.global(qos: .userInitiated).async(execute: work)
    let value = first()
    work.wait()
    guard let other = result.withLock({ $0 }) else { preconditionFailure("both have been done") }
    return (value, other)
  }

  /// Does something on another thread, and doesn't wait for it.
  public static func begin(_ work: @escaping @Sendable () -> Void) {
    DispatchQueue.global(qos: .utility).async(execute: work)
  }

  /// So many chains are worth the way to another processor.
  public static let pieceSize = 2048

  /// Works on all of `count` chains: in pieces on all processors if that is much work, else in one piece.
  ///
  /// - Parameters:
  ///   - isLarge: Whether it is much work.
  ///   - makeState: Makes what a worker keeps from piece to piece.
  ///   - body: Does a piece.
  /// - Returns: The results, in the order of the pieces.
  public static func mapPieces<Value: Sendable, State>(
    of count: Int, isLarge: Bool = true, state makeState: @Sendable () -> State,
    _ body: @Sendable (Range<Int>, inout State) -> Value
  ) -> [Value] {
    let size = isLarge ? pieceSize : max(count, 1)
    return map(count: (count + size - 1) / size, workers: ProcessLimits.processors) { _ in
      makeState()
    } _: { piece, state in
      body(piece * size..<min(count, (piece + 1) * size), &state)
    }
  }
}
