private import Glibc

/// Waiting on a thread of one's own.
public enum Pause {
  /// Keeps this thread from going on for so long, or until a signal comes.
  ///
  /// C counterpart: `nanosleep`.
  public static func blocking(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var rest = timespec()
    _ = unsafe withUnsafePointer(to: time) { unsafe nanosleep($0, &rest) }
  }
}
