internal import Dispatch
private import Glibc

/// Ends the process some time after it was asked to end, whatever it is doing by then.
public final class ShutdownDeadline: Sendable {
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// Begins to listen for SIGTERM and SIGINT, beside others who do, on a thread that nobody can block.
  ///
  /// - Parameters:
  ///   - limit: the time that the process has from the signal on.
  ///   - words: what is written to standard error where it took longer.
  public init(_ limit: Duration, words: String) {
    let queue = DispatchQueue(label: "shutdown", qos: .userInitiated)
    let milliseconds = Int(limit / .milliseconds(1))
    unsafe sources = [SIGTERM, SIGINT].map { signal in
      let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
      source.setEventHandler {
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
          StandardError.write(words)
          _exit(1)
        }
      }
      source.activate()
      return source
    }
  }

  deinit { for source in unsafe sources { source.cancel() } }
}
