private import Glibc
public import Netfilter

/// Where connections come from: the kernel, or in tests a list.
public protocol ConnectionSource: AnyObject {
  /// Calls `body` with each connection of a family whose destination was translated, in any order.
  ///
  /// - Returns: False where the kernel would have to load a module for the answer, or may have to.
  func forEachTranslated(
    _ family: IPFamily, _ body: (TranslatedConnection) -> Void
  ) throws(ReadingError) -> Bool

  /// The node's own addresses, which may have NodePorts.
  func localAddresses() -> Set<IPAddress>
}

extension ConntrackReader: ConnectionSource {
  public func localAddresses() -> Set<IPAddress> { NodeAddresses.read() }
}

/// The addresses of the network interfaces of this thread's network namespace.
public enum NodeAddresses {
  /// Reads them; none where the kernel doesn't say.
  ///
  /// C counterpart: `getifaddrs`.
  public static func read() -> Set<IPAddress> {
    var addresses: Set<IPAddress> = []
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var entry = unsafe list
    while let current = unsafe entry {
      if let address = unsafe current.pointee.ifa_addr, let known = unsafe IPAddress(address) {
        addresses.insert(known)
      }
      unsafe entry = current.pointee.ifa_next
    }
    return addresses
  }
}

extension IPAddress {
  /// Reads a socket address; nil where it is of another family.
  fileprivate init?(_ address: UnsafePointer<sockaddr>) {
    let bytes = unsafe UnsafeRawPointer(address)
    switch Int32(unsafe address.pointee.sa_family) {
    case AF_INET:
      let buffer = unsafe UnsafeRawBufferPointer(
        start: bytes, count: MemoryLayout<sockaddr_in>.size)
      guard let known = unsafe KernelBytes(buffer).address(.ipv4, at: 4) else { return nil }
      self = known
    case AF_INET6:
      let buffer = unsafe UnsafeRawBufferPointer(
        start: bytes, count: MemoryLayout<sockaddr_in6>.size)
      guard let known = unsafe KernelBytes(buffer).address(.ipv6, at: 8) else { return nil }
      self = known
    default: return nil
    }
  }
}
