import Glibc

/// A TCP port that takes connections and does nothing with them, in the network namespace of the
/// thread that opens it.
public final class LoopbackListener {
  /// Linux refused to open it.
  public struct Failure: Error {
    public let code: Int32
  }

  private let descriptor: Int32

  /// Listens on all IPv4 addresses; up to 128 connections can be open.
  public init(port: UInt16) throws(Failure) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, length)
      }
    }
    guard descriptor >= 0, code == 0, listen(descriptor, 128) == 0 else {
      throw Failure(code: errno)
    }
  }

  deinit { close(descriptor) }
}
