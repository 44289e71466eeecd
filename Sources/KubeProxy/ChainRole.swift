public import Netfilter

/// What a chain is for, told by its name alone.
public enum ChainRole: Sendable, Hashable {
  /// A chain of one service port: its family and the hash at its end.
  case service(ServiceChainFamily, hash: ChainHash)
  /// KUBE-SERVICES, KUBE-NODEPORTS, KUBE-EXTERNAL-SERVICES, KUBE-PROXY-FIREWALL: kube-proxy writes
  /// them in map order.
  case dispatch
  /// Other KUBE-* chains.
  case system
  /// Another agent's, or anybody's.
  case other

  public init(_ name: ChainName) {
    guard name.hasPrefix(Self.kube) else {
      self = .other
      return
    }
    if Self.dispatchChains.contains(name) {
      self = .dispatch
      return
    }
    guard Self.mayBeService(name) else {
      self = name.isKubeRouters ? .other : .system
      return
    }
    for (family, prefix) in Self.prefixes where name.hasPrefix(prefix) {
      if let hash = ChainHash(name, after: prefix) {
        self = .service(family, hash: hash)
        return
      }
    }
    self = name.isKubeRouters ? .other : .system
  }

  /// Whether the name is as long as a service chain's, which sets most others apart at no cost.
  static func mayBeService(_ name: ChainName) -> Bool { serviceLengths.contains(name.count) }

  private static let serviceLengths = 24...25
  private static let kube: ChainName = "KUBE-"
  private static let dispatchChains: [ChainName] = [
    .kubeServices, .kubeNodePorts, .kubeExternalServices, .kubeProxyFirewall,
  ]
  /// Those of which there are most first.
  private static let prefixes: [(ServiceChainFamily, ChainName)] =
    ([.endpoint] + ServiceChainFamily.allCases.filter { $0 != .endpoint })
    .map { ($0, ChainName(stringLiteral: $0.rawValue + "-")) }
}

extension ChainName {
  /// Whether it is a chain of kube-router, which also is in k3s. It gives most of them a new name at each
  /// of its syncs.
  public var isKubeRouters: Bool { Self.kubeRouterPrefixes.contains { hasPrefix($0) } }

  private static let kubeRouterPrefixes: [ChainName] = [
    "KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-",
  ]

  public static let kubeServices: ChainName = "KUBE-SERVICES"
  public static let kubeNodePorts: ChainName = "KUBE-NODEPORTS"
  public static let kubeExternalServices: ChainName = "KUBE-EXTERNAL-SERVICES"
  public static let kubeForward: ChainName = "KUBE-FORWARD"
  public static let kubePostrouting: ChainName = "KUBE-POSTROUTING"
  public static let kubeMarkDrop: ChainName = "KUBE-MARK-DROP"
  /// The kubelet's, and since 1.25 kube-proxy's: what drops packets on the way in and out.
  public static let kubeFirewall: ChainName = "KUBE-FIREWALL"
  public static let kubeProxyFirewall: ChainName = "KUBE-PROXY-FIREWALL"
}
