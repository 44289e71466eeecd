private import Glibc
internal import Synchronization

/// Standard output, where commands write their answers.
public enum StandardOutput {
  /// Writes all of the bytes.
  ///
  /// - Throws: ``SystemError`` if the reader does not take them.
  public static func write(_ bytes: [UInt8]) throws(SystemError) {
    if let error = write(bytes, to: STDOUT_FILENO) { throw error }
  }

  /// Whether it is a terminal.
  public static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  fileprivate static func write(_ bytes: [UInt8], to descriptor: Int32) -> SystemError? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        return SystemError(code: errno)
      }
      rest = rest.dropFirst(count)
    }
    return nil
  }
}

/// Standard error, where the log is written, a whole text at a time.
///
/// Writers do not wait for the reader: a pipe that nobody empties must not stop the process. A text
/// that finds no room is left out and counted.
public enum StandardError {
  /// How many texts were left out since the last one that was written.
  private static let lost = Mutex(0)

  /// Linux reports a pipe or a socket as writable if it takes this many bytes at once.
  private static let chunkSize = Int(PIPE_BUF)

  /// Whether it is a terminal.
  public static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes a text, if there is room for it.
  ///
  /// - Parameters:
  ///   - patience: How long to wait for room.
  ///   - text: Makes the text, given the number of texts that were left out before it.
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
        // Half a text helps nobody, so the rest of one may wait for a moment.
        if !rest.isEmpty, !isWritable(within: .milliseconds(100)) { return }
      }
    }
  }

  /// Writes the last words of a process, and waits a second at most for room.
  public static func write(_ text: String) { write(patience: .seconds(1)) { _ in text } }

  private static func isWritable(within patience: Duration) -> Bool {
    var request = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&request, 1, Int32(patience / .milliseconds(1))) > 0
  }
}

/// Admits a message of one kind to the log once a minute, however often a client causes it.
///
///     if let more = limit.admit() {
///       logger.warning("…", metadata: ["left_out": "\(more)"])
///     }
public final class MessageLimit: Sendable {
  private struct State {
    var next: ContinuousClock.Instant?
    var leftOut = 0
  }

  private let state = Mutex(State())

  public init() {}

  /// Asks whether the message may be logged now.
  ///
  /// - Returns: How many messages were left out since the last admitted one; nil if this one must
  ///   be left out, too.
  public func admit(at now: ContinuousClock.Instant = .now) -> Int? {
    state.withLock { state in
      if let next = state.next, now < next {
        state.leftOut += 1
        return nil
      }
      defer { state = State(next: now + .seconds(60)) }
      return state.leftOut
    }
  }
}

extension Unicode.Scalar {
  /// Whether it is a control character, or an invisible mark that changes how the text around it
  /// looks. For example, some marks reverse the direction of writing.
  public var isHidden: Bool {
    if isASCII { return value < 0x20 || value == 0x7f }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: false
    }
  }
}
