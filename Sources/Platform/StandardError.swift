private import Glibc
private import Synchronization

/// Standard error, a whole text at a time.
///
/// Nobody waits for whoever reads it: a pipe that nobody empties must not stop what is logged of. What
/// finds no room is left out and counted.
public enum StandardError {
  /// Texts that were left out since the last one that wasn't.
  private static let lost = Mutex(0)

  /// Linux says that a pipe or a socket is writable where it takes so many bytes at once.
  private static let chunkSize = Int(PIPE_BUF)

  /// Writes a text, if there is room for it.
  ///
  /// - Parameters:
  ///   - patience: how long to wait for room.
  ///   - text: makes the text, given how many were left out before it.
  public static func write(patience: Duration = .zero, _ text: (_ lost: Int) -> String) {
    lost.withLock { lost in
      guard isWritable(within: patience) else {
        lost += 1
        return
      }
      var rest = Array(text(lost).utf8)[...]
      lost = 0
      while !rest.isEmpty {
        _ = StandardOutput.write(Array(rest.prefix(chunkSize)), to: STDERR_FILENO)
        rest = rest.dropFirst(chunkSize)
        // What is begun is worth a moment.
        if !rest.isEmpty, !isWritable(within: .milliseconds(100)) { return }
      }
    }
  }

  /// Writes the last words of a process, for which it waits a second at most.
  public static func write(_ text: String) { write(patience: .seconds(1)) { _ in text } }

  private static func isWritable(within patience: Duration) -> Bool {
    var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&request, 1, Int32(patience / .milliseconds(1))) > 0
  }
}
