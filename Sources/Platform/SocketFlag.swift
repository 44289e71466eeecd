private import Glibc

/// What a socket can be opened with: its kind, and flags.
public enum SocketFlag {
  /// The kind that no connection is needed for.
  public static let datagram = Int32(bitPattern: SOCK_DGRAM.rawValue)
  /// Not for programs that this one starts.
  public static let closeOnExec = Int32(bitPattern: SOCK_CLOEXEC.rawValue)
  /// Whoever finds nothing is told so, and doesn't wait.
  public static let nonBlocking = Int32(bitPattern: SOCK_NONBLOCK.rawValue)
}
