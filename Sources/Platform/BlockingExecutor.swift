internal import Dispatch

/// Runs an actor's jobs one after the other, off the pool that serves everything else: for calls that
/// block, and libraries that want one thread at a time.
public final class BlockingExecutor: SerialExecutor {
  private let queue: DispatchQueue

  public init(label: String) { queue = DispatchQueue(label: label, qos: .userInitiated) }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedSerialExecutor()
    queue.async { unsafe job.runSynchronously(on: executor) }
  }
}
