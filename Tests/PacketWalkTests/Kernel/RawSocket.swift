import Glibc
import Netfilter

/// A socket that sends and receives packets as bytes, in the network namespace in which it was made.
final class RawSocket {
  /// Linux refused a call.
  struct Failure: Error {
    let call: String
    let code: Int32
  }

  let descriptor: Int32

  private init(_ family: Int32, _ type: Int32, _ ipProtocol: Int32) throws(Failure) {
    descriptor = socket(family, type | Int32(SOCK_NONBLOCK.rawValue), ipProtocol)
    guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
  }

  deinit { close(descriptor) }

  /// Sends and receives what passes an interface, behind Ethernet's header.
  ///
  /// C counterpart: `packet(7)`, `SOCK_DGRAM`.
  static func interface(_ name: String, _ family: IPFamily) throws(Failure) -> RawSocket {
    let socket = try RawSocket(
      AF_PACKET, Int32(SOCK_DGRAM.rawValue), Int32(family.etherType.bigEndian))
    let index = unsafe if_nametoindex(name)
    guard index > 0, bind(socket.descriptor, linkAddress(family, index)) == 0 else {
      throw Failure(call: "bind", code: errno)
    }
    return socket
  }

  /// Sends packets of any source, as a process of the namespace does.
  ///
  /// - Parameter priority: What `SO_PRIORITY` is set to.
  static func sender(_ family: IPFamily, priority: Int32) throws(Failure) -> RawSocket {
    let socket = try RawSocket(family.socketFamily, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_RAW))
    try socket.set(SOL_SOCKET, SO_PRIORITY, priority)
    return socket
  }

  /// Receives what is delivered of a protocol.
  static func receiver(_ family: IPFamily, _ ipProtocol: UInt8) throws(Failure) -> RawSocket {
    let socket = try RawSocket(family.socketFamily, Int32(SOCK_RAW.rawValue), Int32(ipProtocol))
    // IPV6_RECVPKTINFO: the destination comes beside the bytes, which begin behind IPv6's header.
    if family == .ipv6 { try socket.set(Int32(IPPROTO_IPV6), 49, 1) }
    return socket
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) throws(Failure) {
    var value = value
    guard unsafe setsockopt(descriptor, level, option, &value, 4) == 0 else {
      throw Failure(call: "setsockopt", code: errno)
    }
  }

  /// Sends bytes to an address, as the kernel has it in memory.
  func send(_ bytes: [UInt8], to address: [UInt8]) throws(Failure) {
    let count = unsafe address.withUnsafeBytes { address in
      unsafe sendto(
        descriptor, bytes, bytes.count, 0,
        address.baseAddress?.assumingMemoryBound(to: sockaddr.self),
        socklen_t(address.count))
    }
    // A packet that a rule drops on its way out is no failure: the caller looks where it went.
    if count != bytes.count, errno != EPERM, errno != ENOBUFS, errno != EHOSTUNREACH {
      throw Failure(call: "sendto", code: errno)
    }
  }

  /// What has come and was not received yet; nil where there is nothing.
  func receive() -> Received? {
    var bytes = [UInt8](repeating: 0, count: 2048)
    var control = [UInt8](repeating: 0, count: 128)
    var address = [UInt8](repeating: 0, count: 128)
    let (capacity, controlCapacity, addressCapacity) = (bytes.count, control.count, address.count)
    let count = unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe control.withUnsafeMutableBytes { control in
        unsafe address.withUnsafeMutableBytes { address in
          var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: capacity)
          return unsafe withUnsafeMutablePointer(to: &vector) { vector in
            var message = unsafe msghdr()
            unsafe message.msg_name = address.baseAddress
            unsafe message.msg_namelen = socklen_t(addressCapacity)
            unsafe message.msg_iov = vector
            unsafe message.msg_iovlen = 1
            unsafe message.msg_control = control.baseAddress
            unsafe message.msg_controllen = controlCapacity
            return unsafe recvmsg(descriptor, &message, 0)
          }
        }
      }
    }
    return count < 0 ? nil : Received(bytes: Array(bytes[..<count]), address, control)
  }

  struct Received {
    let bytes: [UInt8]
    /// Of IPv6, the sender's and the receiver's addresses.
    let source: IPAddress
    let destination: IPAddress

    fileprivate init(bytes: [UInt8], _ address: [UInt8], _ control: [UInt8]) {
      self.bytes = bytes
      // `sockaddr_in6`: family, port, flow label, address. `cmsghdr`: size, level, type, in6_pktinfo.
      source = IPAddress(networkOrder: address[8..<24])
      destination = IPAddress(networkOrder: control[16..<32])
    }
  }
}

extension RawSocket {
  /// `struct sockaddr_ll` for an interface and, where a packet is sent, whom it is sent to.
  static func linkAddress(
    _ family: IPFamily, _ index: UInt32, to hardware: [UInt8] = []
  ) -> [UInt8] {
    let etherType = family.etherType
    return [UInt8(AF_PACKET), 0, UInt8(etherType >> 8), UInt8(etherType & 0xff)]
      + (0..<4).map { UInt8(truncatingIfNeeded: index >> (8 * UInt32($0))) }
      + [0, 0, 0, UInt8(hardware.count)] + hardware
      + Array(repeating: 0, count: 8 - hardware.count)
  }

  /// `struct sockaddr_in` or `sockaddr_in6`, without a port.
  static func internetAddress(_ address: IPAddress) -> [UInt8] {
    switch address.family {
    case .ipv4:
      [UInt8(AF_INET), 0, 0, 0] + address.networkOrder + Array(repeating: 0, count: 8)
    case .ipv6:
      [UInt8(AF_INET6), 0, 0, 0, 0, 0, 0, 0] + address.networkOrder + [0, 0, 0, 0]
    }
  }
}

private func bind(_ descriptor: Int32, _ address: [UInt8]) -> Int32 {
  unsafe address.withUnsafeBytes {
    unsafe bind(
      descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
  }
}

extension IPFamily {
  /// `ETH_P_IP`, `ETH_P_IPV6`.
  fileprivate var etherType: UInt16 { self == .ipv4 ? 0x0800 : 0x86dd }

  fileprivate var socketFamily: Int32 { self == .ipv4 ? AF_INET : AF_INET6 }
}

extension IPAddress {
  /// The address's 4 or 16 bytes.
  var networkOrder: [UInt8] {
    func bytes(_ word: UInt64) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
    return family == .ipv4 ? Array(bytes(high)[..<4]) : bytes(high) + bytes(low)
  }

  /// An address of 4 or 16 bytes.
  init(networkOrder bytes: some Collection<UInt8>) {
    let words = [bytes.prefix(8), bytes.dropFirst(8)].map { $0.reduce(0) { $0 << 8 | UInt64($1) } }
    if bytes.count == 4 {
      self.init(ipv4: UInt32(words[0]))
    } else {
      self.init(ipv6High: words[0], low: words[1])
    }
  }
}
