private import Glibc

/// What a socket can be opened with.
public enum SocketFlag {
  /// Not for programs that this one starts.
  public static let closeOnExec = Int32(bitPattern: SOCK_CLOEXEC.rawValue)
  /// Whoever finds nothing is told so, and doesn't wait.
  public static let nonBlocking = Int32(bitPattern: SOCK_NONBLOCK.rawValue)
}
