private import Glibc

/// Standard error, a whole line at a time.
public enum StandardError {
  /// Writes the text; nobody can be told where that fails.
  public static func write(_ text: String) {
    _ = StandardOutput.write(Array(text.utf8), to: STDERR_FILENO)
  }
}
