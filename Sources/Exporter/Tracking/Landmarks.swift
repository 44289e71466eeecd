internal import KubeProxy
internal import Netfilter

/// What a table's chains show of who writes into it.
struct Landmarks: OptionSet, Sendable {
  let rawValue: UInt8

  /// A chain whose name begins with KUBE-: kube-proxy's or the kubelet's.
  static let kubernetes = Landmarks(rawValue: 1)
  /// A chain KUBE-SERVICES: kube-proxy's, in the mode iptables or IPVS.
  static let kubeServices = Landmarks(rawValue: 2)
  /// A chain of nat that kube-proxy makes in its IPVS mode only.
  static let ipvs = Landmarks(rawValue: 4)
  /// Rules that lead to service ports, whether they can be named or not, or that block them.
  static let servicePorts = Landmarks(rawValue: 8)

  /// What the name of a chain shows.
  static func of(_ name: ChainName, in table: TableName) -> Landmarks {
    guard name.hasPrefix(kubePrefix) else { return [] }
    var landmarks: Landmarks = .kubernetes
    if name == .kubeServices { landmarks.insert(.kubeServices) }
    if table == .nat, ipvsChains.contains(name) { landmarks.insert(.ipvs) }
    return landmarks
  }

  private static let kubePrefix: ChainName = "KUBE-"
  private static let ipvsChains: [ChainName] = ["KUBE-LOAD-BALANCER", "KUBE-NODE-PORT"]
}
