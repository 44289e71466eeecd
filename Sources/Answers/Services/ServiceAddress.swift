internal import KubeProxy
public import Netfilter

/// An address that a service port is reached at.
public struct ServiceAddress: Sendable, Hashable {
  /// What kube-proxy's comment, or the chain of its rule, says of it; the raw value is what machines are told.
  public enum Kind: String, Sendable, Hashable {
    case clusterIP = "cluster_ip"
    case externalIP = "external_ip"
    case loadBalancerIP = "load_balancer_ip"
    /// Neither tells: an external or load balancer's IP of a service port without endpoints.
    case unknown
  }

  public let kind: Kind
  public let address: IPAddress
  public let port: UInt16
}

extension ServiceAddress: CustomStringConvertible {
  /// `10.96.0.1:443`, `[fd00::1]:443`.
  public var description: String {
    address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}

extension ServiceAddress.Kind {
  /// `cluster IP`, as kube-proxy calls it.
  var words: String {
    switch self {
    case .clusterIP: "cluster IP"
    case .externalIP: "external IP"
    case .loadBalancerIP: "load balancer IP"
    case .unknown: "address"
    }
  }

  /// - Parameters:
  ///   - table: The table of the rule that has the comment.
  ///   - chain: Its chain. In filter, comments say why a rule blocks, not what: but KUBE-SERVICES blocks
  ///     cluster IPs, and KUBE-PROXY-FIREWALL load balancers' IPs.
  init(_ comment: ByteString?, _ table: TableName, _ chain: ChainName) {
    let bytes = comment?.bytes ?? []
    if let kind = Self.endings.first(where: { bytes.ends(with: $0.ending) })?.kind {
      self = kind
    } else {
      switch (table, chain) {
      case (.filter, .kubeServices): self = .clusterIP
      case (.filter, .kubeProxyFirewall): self = .loadBalancerIP
      default: self = .unknown
      }
    }
  }

  private static let endings: [(ending: String, kind: Self)] = [
    (" cluster IP", .clusterIP), (" external IP", .externalIP),
    (" loadbalancer IP", .loadBalancerIP),
  ]
}

extension [UInt8] {
  fileprivate func ends(with text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
