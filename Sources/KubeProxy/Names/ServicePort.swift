/// One port of a Service, as kube-proxy names it: `namespace/name:port`.
///
/// kube-proxy counterpart: `proxy.ServicePortName`.
public struct ServicePort: Sendable, Hashable, Comparable {
  public let namespace: String
  public let name: String
  /// The port's name; empty where it has none.
  public let port: String
  public let transport: TransportProtocol

  public init(namespace: String, name: String, port: String, transport: TransportProtocol) {
    self.namespace = namespace
    self.name = name
    self.port = port
    self.transport = transport
  }

  /// All that distinguishes it from others, by the names that the commands' JSON has for it.
  public var parts: KeyValuePairs<String, String> {
    ["namespace": namespace, "name": name, "port": port, "protocol": transport.rawValue]
  }

  /// Whether it is one of the API server's, which every cluster has.
  public var isAPIServer: Bool { namespace == "default" && name == "kubernetes" }

  /// Orders service ports by namespace, name, port and protocol.
  public static func < (left: ServicePort, right: ServicePort) -> Bool {
    if left.namespace != right.namespace { return left.namespace < right.namespace }
    if left.name != right.name { return left.name < right.name }
    if left.port != right.port { return left.port < right.port }
    return left.transport < right.transport
  }
}

extension ServicePort: CustomStringConvertible {
  /// `namespace/name:port`, or `namespace/name` for an unnamed port.
  public var description: String {
    port.isEmpty ? "\(namespace)/\(name)" : "\(namespace)/\(name):\(port)"
  }
}

/// A transport protocol as Kubernetes writes it.
public enum TransportProtocol: String, Sendable, Hashable, Comparable, CaseIterable {
  case tcp = "TCP"
  case udp = "UDP"
  case sctp = "SCTP"

  /// The protocol of that IP protocol number; nil for one that services don't have.
  public init?(_ ipProtocol: UInt8) {
    switch ipProtocol {
    case 6: self = .tcp
    case 17: self = .udp
    case 132: self = .sctp
    default: return nil
    }
  }

  /// As it goes into a chain's name: `tcp`, `udp`, `sctp`.
  var chainNameText: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    }
  }

  public static func < (left: TransportProtocol, right: TransportProtocol) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What the rules of one address family hold for one service port.
public struct Service: Sendable, Hashable {
  public let port: ServicePort
  /// Distinct KUBE-SEP chains that the service port's chains jump to.
  public internal(set) var sepChains = 0
  /// Distinct destinations of the DNAT rules in them.
  public internal(set) var dnatTargets = 0
  /// Rules of nat's KUBE-NODEPORTS.
  public internal(set) var nodePortRules = 0
  /// Rules in nat: those that dispatch to the service port, and all of its chains.
  public internal(set) var natRules = 0
  /// Rules in filter that name the service port.
  public internal(set) var filterRules = 0
  /// Why rules keep traffic from the service port.
  public internal(set) var blocked: Set<BlockReason> = []

  init(port: ServicePort) { self.port = port }

  /// Rules in nat and filter.
  public var rules: Int { natRules + filterRules }
}
