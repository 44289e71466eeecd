private import Glibc

/// Standard output, for what a command is asked for.
public enum StandardOutput {
  /// Writes all of the bytes.
  ///
  /// - Throws: ``SystemError`` where the other side doesn't take them.
  public static func write(_ bytes: [UInt8]) throws(SystemError) {
    if let error = write(bytes, to: STDOUT_FILENO) { throw error }
  }

  /// Whether somebody looks at it.
  public static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  static func write(_ bytes: [UInt8], to descriptor: Int32) -> SystemError? {
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
