private import Glibc

/// What tells one content of a file from another without reading it: which file the path leads to,
/// how long it is, and when it was last touched.
///
/// Counterpart: `struct stat`.
public struct FileSignature: Sendable, Hashable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let modified: Duration
  private let changed: Duration

  /// The signature of the file at a path, through symbolic links; `nil` where there is none.
  public init?(of path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modified = Self.duration(status.st_mtim)
    changed = Self.duration(status.st_ctim)
  }

  /// Whether the file was touched within so much time before now, by the clock of the system.
  ///
  /// A time that lies ahead, as after the clock was set back, counts as long ago.
  public func isYounger(than age: Duration) -> Bool {
    let now = Duration.seconds(WallClock.now)
    return changed <= now && now - changed < age
  }

  private static func duration(_ time: timespec) -> Duration {
    .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
