import CLibiptc
import Glibc

/// The network namespace that the benchmark runs in.
///
/// It belongs to this process and its children, so it is gone when they are.
enum NetworkNamespace {
  /// Leaves the machine's namespace for a new one in which nothing but loopback exists.
  ///
  /// Must be called before any other thread is started: a namespace is a thread's.
  static func enterNew() throws {
    guard unshare(Int32(CLONE_NEWNET)) == 0 else {
      throw BenchError("a network namespace cannot be made (\(systemError())): run this as root")
    }
    try ChildProcess("ip", "link", "set", "lo", "up").waitForSuccess()
  }
}
