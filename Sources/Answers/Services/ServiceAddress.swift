internal import KubeProxy
public import Netfilter

/// An address that a service port is reached at.
public struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
  /// What kube-proxy's comment, or the chain of its rule, says of it; the raw value stands in JSON.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case clusterIP = "cluster_ip"
    case externalIP = "external_ip"
    case loadBalancerIP = "load_balancer_ip"
    /// Neither says it: an external or load balancer's IP of a service port without endpoints.
    case unknown
  }

  public let kind: Kind
  public let address: IPAddress
  public let port: UInt16

  /// `10.96.0.1:443`, `[fd00::1]:443`.
  public var description: String { "\(SocketAddress(address: address, port: port))" }
}

extension [ServiceAddress] {
  /// Each address once. One of an unknown kind is left only where no other rule has its kind.
  var distinct: [ServiceAddress] {
    guard count > 1 else { return self }
    var seen = Set(
      lazy.filter { $0.kind != .unknown }.map {
        ServiceAddress(kind: .unknown, address: $0.address, port: $0.port)
      })
    return filter { seen.insert($0).inserted }
  }
}

extension ServiceAddress.Kind {
  /// `cluster IP`, as kube-proxy calls it.
  public var words: String {
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
    func ends(in text: String) -> Bool {
      bytes.suffix(text.utf8.count).elementsEqual(text.utf8)
    }
    switch (table, chain) {
    case _ where ends(in: " cluster IP"): self = .clusterIP
    case _ where ends(in: " external IP"): self = .externalIP
    case _ where ends(in: " loadbalancer IP"): self = .loadBalancerIP
    case (.filter, .kubeServices): self = .clusterIP
    case (.filter, .kubeProxyFirewall): self = .loadBalancerIP
    default: self = .unknown
    }
  }
}
