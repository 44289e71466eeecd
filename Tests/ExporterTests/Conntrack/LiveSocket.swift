import Glibc
import Netfilter

/// A socket of this thread's network namespace that never waits.
final class LiveSocket {
  struct Failure: Error {
    let call: String
    let code: Int32
  }

  private let descriptor: Int32

  private init(_ family: IPFamily, _ transport: String) throws(Failure) {
    let type = transport == "tcp" ? SOCK_STREAM : SOCK_DGRAM
    descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(type.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
  }

  deinit { close(descriptor) }

  /// Connects. TCP needs a listener on the node.
  convenience init(
    _ transport: String, connectingTo address: IPAddress, _ port: UInt16
  ) throws(Failure) {
    try self.init(address.family, transport)
    let code = unsafe Self.withAddress(address, port) { unsafe connect(descriptor, $0, $1) }
    guard code == 0 else { throw Failure(call: "connect \(address) \(port)", code: errno) }
  }

  /// Binds to an address, which may be of a local route only, and listens if it is TCP.
  convenience init(
    _ transport: String, boundTo address: IPAddress, _ port: UInt16
  ) throws(Failure) {
    try self.init(address.family, transport)
    var on: Int32 = 1
    let length = socklen_t(MemoryLayout<Int32>.size)
    // IP_FREEBIND and IPV6_FREEBIND.
    if address.family == .ipv4 {
      unsafe _ = setsockopt(descriptor, Int32(IPPROTO_IP), 15, &on, length)
    } else {
      unsafe _ = setsockopt(descriptor, Int32(IPPROTO_IPV6), 78, &on, length)
    }
    let code = unsafe Self.withAddress(address, port) { unsafe bind(descriptor, $0, $1) }
    guard code == 0 else { throw Failure(call: "bind \(address) \(port)", code: errno) }
    if transport == "tcp", listen(descriptor, 1024) != 0 {
      throw Failure(call: "listen", code: errno)
    }
  }

  /// The port of this end.
  var port: UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe _ = getsockname(descriptor, $0, &length)
      }
      // Both families have it in the same place.
      return unsafe UnsafeRawPointer(pointer).load(fromByteOffset: 2, as: UInt16.self).bigEndian
    }
  }

  /// Sends a byte; that nobody listens is no error.
  func send() {
    var byte: UInt8 = 1
    for _ in 0..<2 where unsafe Glibc.send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL)) < 0 {
      // What went wrong with the last one is reported at this one.
      continue
    }
  }

  /// Answers all that has come.
  func answer() {
    var byte: UInt8 = 0
    var storage = sockaddr_storage()
    unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        while true {
          var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
          let flags = Int32(MSG_DONTWAIT)
          guard unsafe recvfrom(descriptor, &byte, 1, flags, address, &length) >= 0 else { return }
          unsafe _ = sendto(descriptor, &byte, 1, flags, address, length)
        }
      }
    }
  }

  private static func withAddress<Value>(
    _ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
  ) -> Value {
    var bytes: [UInt8] = []
    func append(_ value: UInt64, _ count: Int) {
      bytes += (0..<count).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }
    let family = UInt16(address.family == .ipv4 ? AF_INET : AF_INET6)
    bytes += [UInt8(truncatingIfNeeded: family), UInt8(family >> 8)]
    append(UInt64(port) << 48, 2)
    if address.family == .ipv4 {
      append(address.high, 4)
      append(0, 8)
    } else {
      append(0, 4)
      append(address.high, 8)
      append(address.low, 8)
      append(0, 4)
    }
    var storage = sockaddr_storage()
    unsafe withUnsafeMutableBytes(of: &storage) { target in
      for (index, byte) in bytes.enumerated() { unsafe target[index] = byte }
    }
    return unsafe withUnsafePointer(to: storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(bytes.count))
      }
    }
  }
}
