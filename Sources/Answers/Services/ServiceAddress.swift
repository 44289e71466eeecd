public import Netfilter

/// An address that a service port is reached at.
public struct ServiceAddress: Sendable, Hashable {
  /// What kube-proxy's comment says of it; the raw value is what machines are told.
  public enum Kind: String, Sendable, Hashable {
    case clusterIP = "cluster_ip"
    case externalIP = "external_ip"
    case loadBalancerIP = "load_balancer_ip"
    /// The comment doesn't tell, as of a service port that is blocked.
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

  init(_ comment: ByteString?) {
    let bytes = comment?.bytes ?? []
    self = Self.endings.first { bytes.ends(with: $0.ending) }?.kind ?? .unknown
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
