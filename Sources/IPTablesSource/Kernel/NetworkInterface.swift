private import Glibc
private import Platform

/// Network interfaces of this thread's network namespace.
enum NetworkInterface {
  /// Whether there is one of that name; false where the kernel doesn't say.
  ///
  /// Asks by binding a socket that is closed again. `if_nametoindex` won't do: where there is no such
  /// interface, the kernel runs modprobe for one who has CAP_NET_ADMIN, each time (`dev_load` in
  /// `net/core/dev_ioctl.c`). Before Linux 5.7 it takes CAP_NET_RAW.
  static func exists(_ name: String) -> Bool {
    let descriptor = socket(AF_INET, SocketFlag.datagram | SocketFlag.closeOnExec, 0)
    guard descriptor >= 0 else { return false }
    defer { _ = close(descriptor) }
    let name = Array(name.utf8)
    let length = socklen_t(name.count)
    return unsafe setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, length) == 0
  }
}
