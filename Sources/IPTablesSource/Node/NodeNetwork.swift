private import CNFTables
private import Glibc
public import Netfilter
private import Platform

/// The addresses and routes of this thread's network namespace. Nothing is changed to read them.
public enum NodeNetwork {
  /// The addresses of all interfaces; of each family the one first that packets to other networks leave with.
  ///
  /// C counterpart: `getifaddrs`.
  public static var addresses: [IPAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    var addresses: [IPAddress] = []
    var next = unsafe first
    while let entry = unsafe next {
      if let address = unsafe address(entry.pointee.ifa_addr), !addresses.contains(address) {
        addresses.append(address)
      }
      unsafe next = entry.pointee.ifa_next
    }
    let main = elsewhere.compactMap { route(to: $0)?.source }
    return main + addresses.filter { !main.contains($0) }
  }

  /// The interface by which packets to an address leave; nil where there is no route, or more than one.
  public static func interface(to address: IPAddress) -> String? { route(to: address)?.interface }

  /// The address that the node's own packets to an address leave with; nil where there is no route.
  public static func source(to address: IPAddress) -> IPAddress? { route(to: address)?.source }

  /// Addresses that no network has (RFC 5737, RFC 3849).
  private static let elsewhere = ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0) }

  private static func address(_ socket: UnsafeMutablePointer<sockaddr>?) -> IPAddress? {
    guard let socket = unsafe socket else { return nil }
    switch unsafe Int32(socket.pointee.sa_family) {
    case AF_INET:
      return unsafe KernelBytes(UnsafeRawBufferPointer(start: socket, count: 16))
        .address(.ipv4, at: 4)
    case AF_INET6:
      return unsafe KernelBytes(UnsafeRawBufferPointer(start: socket, count: 28))
        .address(.ipv6, at: 8)
    default: return nil
    }
  }

  /// What the kernel says of the way to an address.
  private struct Route {
    var interface: String?
    /// The address that packets leave with.
    var source: IPAddress?
  }

  /// Asks the kernel for the route. C counterpart: `ip route get`.
  private static func route(to address: IPAddress) -> Route? {
    guard let socket = unsafe mnl_socket_open2(RouteMessage.netlinkRoute, SocketFlag.closeOnExec)
    else { return nil }
    defer { unsafe _ = mnl_socket_close(socket) }
    var time = timeval(tv_sec: 2, tv_usec: 0)
    unsafe _ = setsockopt(
      mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &time,
      socklen_t(MemoryLayout<timeval>.size))
    let question = RouteMessage.question(address)
    var answer = [UInt8](repeating: 0, count: 8192)
    guard unsafe mnl_socket_bind(socket, 0, 0) == 0,
      unsafe mnl_socket_sendto(socket, question, question.count) == question.count
    else { return nil }
    let count = unsafe mnl_socket_recvfrom(socket, &answer, answer.count)
    guard count > 0 else { return nil }
    return unsafe answer.prefix(count).withUnsafeBytes { bytes in
      unsafe read(KernelBytes(bytes), address.family)
    }
  }

  private static func read(_ answer: KernelBytes, _ family: IPFamily) -> Route? {
    guard answer.load(UInt16.self, at: 4) == RouteMessage.newRoute else { return nil }
    let start = RouteMessage.attributes
    var attributes = NetlinkAttributes(answer.slice(at: start, count: answer.count - start))
    var route = Route()
    while let attribute = attributes.next() {
      switch attribute.type {
      case RouteMessage.outputInterface:
        guard let index = attribute.payload.load(UInt32.self) else { break }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard unsafe if_indextoname(index, &name) != nil else { break }
        route.interface = String(
          decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      case RouteMessage.preferredSource: route.source = attribute.payload.address(family, at: 0)
      default: break
      }
    }
    return route
  }
}

/// The words of netlink's routes; C counterparts: `struct nlmsghdr`, `rtmsg`, `rtattr`.
private enum RouteMessage {
  /// `NETLINK_ROUTE`.
  static let netlinkRoute: Int32 = 0
  /// `RTM_NEWROUTE`.
  static let newRoute: UInt16 = 24
  /// Where the attributes begin: behind a header of 16 bytes and 12 of the route.
  static let attributes = 28
  /// `RTA_OIF`, `RTA_PREFSRC`.
  static let outputInterface = 4
  static let preferredSource = 7

  /// `RTM_GETROUTE` for one address.
  static func question(_ address: IPAddress) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: some FixedWidthInteger) {
      var value = value.littleEndian
      for _ in 0..<value.bitWidth / 8 {
        bytes.append(UInt8(truncatingIfNeeded: value))
        value >>= 8
      }
    }
    let isIPv4 = address.family == .ipv4
    let size = isIPv4 ? 4 : 16
    append(UInt32(attributes + 4 + size))
    append(UInt16(26))  // RTM_GETROUTE
    append(UInt16(1))  // NLM_F_REQUEST
    append(UInt64(1))  // the sequence, and the port, which the kernel knows
    append(UInt8(isIPv4 ? AF_INET : AF_INET6))
    append(UInt8(8 * size))
    append(UInt16(0))
    append(UInt64(0))
    append(UInt16(4 + size))
    append(UInt16(1))  // RTA_DST
    append(address.high.byteSwapped)
    append(address.low.byteSwapped)
    return Array(bytes.prefix(attributes + 4 + size))
  }
}
