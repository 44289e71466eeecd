internal import CLinux
internal import Glibc

/// The network namespace that this program runs in.
///
/// It belongs to this process and its children, so it is gone when they are.
package enum NetworkNamespace {
  /// Leaves the machine's namespace, or an earlier one, for a new one in which nothing but loopback
  /// exists.
  ///
  /// Must be called before any other thread is started: a namespace is a thread's.
  package static func enterNew() throws {
    guard unshare(Int32(CLONE_NEWNET)) == 0 else {
      throw HarnessError("a network namespace cannot be made (\(systemError())): run this as root")
    }
    try ChildProcess("ip", "link", "set", "lo", "up").waitForSuccess()
  }
}
