/// An IP family, and the addresses that a generated cluster uses in it.
public enum AddressFamily: String, Sendable, CaseIterable {
  case ipv4 = "IPv4"
  case ipv6 = "IPv6"

  /// The length of a prefix that names a single host.
  var hostPrefixLength: Int {
    switch self {
    case .ipv4: 32
    case .ipv6: 128
    }
  }

  /// The range of all pods: traffic from elsewhere to a cluster address is masqueraded.
  var podNetwork: String {
    switch self {
    case .ipv4: "10.128.0.0/9"
    case .ipv6: "fd00:10:128::/64"
    }
  }

  /// The cluster address of the service at `index`, within 10.96.0.0/12 or fd00:10:96::/64.
  func clusterAddress(_ index: Int) -> String {
    switch self {
    case .ipv4: ipv4Address(10 << 24 | 96 << 16, offset: index + 1)
    case .ipv6: ipv6Address("fd00:10:96::", offset: index + 1)
    }
  }

  /// The address of the pod at `index`, within the pod network.
  func podAddress(_ index: Int) -> String {
    switch self {
    case .ipv4: ipv4Address(10 << 24 | 128 << 16, offset: index + 1)
    case .ipv6: ipv6Address("fd00:10:128::", offset: index + 1)
    }
  }

  private func ipv4Address(_ network: Int, offset: Int) -> String {
    let value = network + offset
    return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
  }

  private func ipv6Address(_ network: String, offset: Int) -> String {
    let low = String(offset & 0xffff, radix: 16)
    return offset > 0xffff ? network + String(offset >> 16, radix: 16) + ":" + low : network + low
  }
}
