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

  /// All that tells it from others, by the names that the commands' JSON has for it.
  public var parts: KeyValuePairs<String, String> {
    ["namespace": namespace, "name": name, "port": port, "protocol": transport.rawValue]
  }

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
