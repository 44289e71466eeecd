import FoundationEssentials
public import Netfilter

/// What a kube-proxy was told before a fixture was dumped: Services and EndpointSlices, never rules.
public struct GroundTruth: Sendable, Decodable {
  public let kubeProxy: KubeProxy
  public let servicePorts: [ServicePort]
  /// The number of rules that `iptables-save` printed; nil where it was not written down.
  public let rules: Int?

  public struct KubeProxy: Sendable, Decodable {
    /// Such as `v1.28.3`.
    public let version: String

    /// The 28 of 1.28.
    public var minorVersion: Int {
      version.split(separator: ".").dropFirst().first.flatMap { Int($0) } ?? 0
    }
  }

  /// One port of a Service. The endpoints are `ip:port`, `[ip]:port` in IPv6.
  public struct ServicePort: Sendable, Decodable {
    public let namespace: String
    public let name: String
    public let portName: String
    /// In lower case.
    public let transport: String
    public let port: Int
    public let nodePort: Int?
    public let externalTrafficPolicy: String
    public let internalTrafficPolicy: String
    public let externalIPs: [String]
    public let loadBalancerIPs: [String]
    private let clusterIP: String?
    private let clusterIP6: String?
    private let endpoints: [String]
    private let endpoints6: [String]
    private let localReadyEndpoints: [String]
    private let localReadyEndpoints6: [String]
    private let servingTerminating: [String]
    private let servingTerminating6: [String]
    private let useCluster: [String]?
    private let useCluster6: [String]?
    private let useLocal: [String]?
    private let useLocal6: [String]?
    private let any: Bool?
    private let any6: Bool?

    public func clusterIP(_ family: IPFamily) -> String? {
      family == .ipv4 ? clusterIP : clusterIP6
    }

    /// The endpoints that get traffic by the Cluster policy: those that the truth names; else the
    /// ready ones, or where there is none, those that serve while they terminate.
    public func endpointsInUse(_ family: IPFamily) -> Set<String> {
      if let used = family == .ipv4 ? useCluster : useCluster6 { return Set(used) }
      let ready = family == .ipv4 ? endpoints : endpoints6
      let serving = family == .ipv4 ? servingTerminating : servingTerminating6
      return Set(ready.isEmpty ? serving : ready)
    }

    /// The endpoints that get traffic by a Local policy: those that the truth names, which are none
    /// without such a policy; else the ready ones on the node.
    public func localEndpoints(_ family: IPFamily) -> Set<String> {
      if let used = family == .ipv4 ? useLocal : useLocal6 { return Set(used) }
      return Set(family == .ipv4 ? localReadyEndpoints : localReadyEndpoints6)
    }

    /// Whether there is an endpoint that could get traffic, on any node and by any policy.
    public func hasEndpoints(_ family: IPFamily) -> Bool {
      (family == .ipv4 ? any : any6) ?? !endpointsInUse(family).isEmpty
    }

    enum CodingKeys: String, CodingKey {
      case namespace, name, port
      case portName = "port_name"
      case transport = "protocol"
      case nodePort = "node_port"
      case externalTrafficPolicy = "external_traffic_policy"
      case internalTrafficPolicy = "internal_traffic_policy"
      case externalIPs = "external_ips"
      case loadBalancerIPs = "load_balancer_ips"
      case clusterIP = "cluster_ip"
      case clusterIP6 = "cluster_ip6"
      case endpoints, endpoints6
      case localReadyEndpoints = "local_ready_endpoints"
      case localReadyEndpoints6 = "local_ready_endpoints6"
      case servingTerminating = "serving_terminating"
      case servingTerminating6 = "serving_terminating6"
      case useCluster = "use_cluster"
      case useCluster6 = "use_cluster6"
      case useLocal = "use_local"
      case useLocal6 = "use_local6"
      case any, any6
    }
  }

  enum CodingKeys: String, CodingKey {
    case kubeProxy = "kube_proxy"
    case servicePorts = "service_ports"
    case rules
  }
}

extension Fixture {
  /// The ground truth beside the dump.
  public func groundTruth() throws -> GroundTruth {
    let name = path.replacing(".v6.rules", with: ".json").replacing(".rules", with: ".json")
    guard let contents = FileManager.default.contents(atPath: name) else {
      throw MissingFixture(path: name)
    }
    return try JSONDecoder().decode(GroundTruth.self, from: contents)
  }
}
