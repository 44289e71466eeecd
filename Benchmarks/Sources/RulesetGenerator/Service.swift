/// One port of a made-up Kubernetes Service, with its endpoints.
public struct Service: Sendable {
  /// The service port's name as kube-proxy writes it: `namespace/name:port`, or `namespace/name`
  /// where the port has no name.
  public let name: String
  public let networkProtocol: NetworkProtocol
  public let clusterAddress: String
  public let port: UInt16
  /// The port that every node listens on for this service; `nil` for most.
  public let nodePort: UInt16?
  /// The endpoints, in the order in which kube-proxy gives them their probabilities.
  public var endpoints: [Endpoint]
}

/// A transport protocol, spelled as iptables and kube-proxy's chain hashes spell it.
public enum NetworkProtocol: String, Sendable {
  case tcp
  case udp
}

/// Where a service port sends a connection.
public struct Endpoint: Sendable, CustomStringConvertible {
  public let address: String
  public let port: UInt16

  /// `address:port`, with an IPv6 address in brackets: the form that DNAT and the chain hash use.
  public var description: String {
    address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}
