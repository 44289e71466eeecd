public import Netfilter
private import Platform

/// What a chain is for, by its name alone.
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

  /// Whether it is a chain of one service port, or of an endpoint.
  public var isService: Bool { if case .service = self { true } else { false } }

  /// The hash of a service port, of its own chains; nil for others, such as an endpoint's.
  public var servicePortHash: ChainHash? {
    guard case .service(let family, let hash) = self, family != .endpoint else { return nil }
    return hash
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

  /// Whether it is kube-proxy's or the kubelet's, by its name.
  public var isKubernetes: Bool { hasPrefix("KUBE-") && !isKubeRouters }

  private static let kubeRouterPrefixes: [ChainName] = [
    "KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-",
  ]

  public static let kubeServices: ChainName = "KUBE-SERVICES"
  public static let kubeNodePorts: ChainName = "KUBE-NODEPORTS"
  public static let kubeExternalServices: ChainName = "KUBE-EXTERNAL-SERVICES"
  public static let kubeForward: ChainName = "KUBE-FORWARD"
  public static let kubePostrouting: ChainName = "KUBE-POSTROUTING"
  public static let kubeMarkMasq: ChainName = "KUBE-MARK-MASQ"
  public static let kubeMarkDrop: ChainName = "KUBE-MARK-DROP"
  /// The kubelet's, and since 1.25 kube-proxy's: what drops packets on the way in and out.
  public static let kubeFirewall: ChainName = "KUBE-FIREWALL"
  public static let kubeProxyFirewall: ChainName = "KUBE-PROXY-FIREWALL"
}

/// The kinds of chain that kube-proxy makes for each service port; all but an endpoint's share the
/// hash of the service port.
public enum ServiceChainFamily: String, Sendable, Hashable, CaseIterable {
  /// The cluster policy: balances over all endpoints.
  case service = "KUBE-SVC"
  /// The local policy: balances over the node's own endpoints.
  case local = "KUBE-SVL"
  /// Traffic from outside (1.24 on).
  case external = "KUBE-EXT"
  /// A load balancer's source ranges.
  case firewall = "KUBE-FW"
  /// External traffic under the local policy (to 1.23).
  case externalLoadBalancer = "KUBE-XLB"
  /// One endpoint.
  case endpoint = "KUBE-SEP"

  /// Whether it leads to endpoints, among which chance decides.
  public var balances: Bool { self == .service || self == .local || self == .externalLoadBalancer }
}

/// Where a chain of nat stands on the way to an endpoint, by its name alone.
public enum ChainStage: UInt8, Sendable {
  /// Elsewhere.
  case outside
  /// KUBE-SERVICES and KUBE-NODEPORTS.
  case dispatch
  /// A chain of a service port.
  case service
  /// A chain of a service port's endpoint.
  case endpoint

  init(_ name: ChainName) {
    switch ChainRole(name) {
    case .service(.endpoint, _): self = .endpoint
    case .service: self = .service
    case .dispatch where Self.dispatchChains.contains(name): self = .dispatch
    case .dispatch, .system, .other: self = .outside
    }
  }

  /// The chains of nat that dispatch.
  static let dispatchChains: [ChainName] = [.kubeServices, .kubeNodePorts]
}

/// The 16 characters at the end of a service chain's name: what proves for whom it was made.
///
/// The first 80 bits of a SHA-256, in base 32. kube-proxy counterparts: `portProtoHash`,
/// `servicePortEndpointChainName`.
public struct ChainHash: Sendable, Hashable {
  /// The first 64 bits.
  let high: UInt64
  /// The last 16.
  let low: UInt16

  /// The hash in a chain's name; nil where the rest of the name isn't 16 characters of base 32.
  init?(_ name: ChainName, after prefix: ChainName) {
    let start = prefix.count
    guard name.count == start + 16 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<16 {
      guard let digit = Self.digit(name.byte(at: start + index)) else { return nil }
      // 80 bits: the first 12 characters are the upper 60, the last 4 the lower 20.
      if index < 12 { high = high << 5 | UInt64(digit) } else { low = low << 5 | UInt64(digit) }
    }
    self.high = high << 4 | low >> 16
    self.low = UInt16(truncatingIfNeeded: low)
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "2")...UInt8(ascii: "7"): character - UInt8(ascii: "2") + 26
    default: nil
    }
  }

  /// The hash of a service port's chains.
  ///
  /// - Parameter literal: the name as kube-proxy wrote it, `namespace/name:port`.
  /// kube-proxy counterpart: `servicePortPolicyClusterChain` and its siblings.
  init(servicePort literal: [UInt8], _ transport: TransportProtocol) {
    self.init(hashing: literal + Array(transport.chainNameText.utf8))
  }

  /// The hash of what kube-proxy makes a chain's name of: for an endpoint's chain a service port's name,
  /// its protocol, and `ip:port` or `[ip]:port`.
  ///
  /// kube-proxy counterpart: `servicePortEndpointChainName`.
  init(hashing bytes: [UInt8]) {
    var high: UInt64 = 0
    var low: UInt16 = 0
    for (index, byte) in SHA256.digest(of: bytes).prefix(10).enumerated() {
      if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt16(byte) }
    }
    self.high = high
    self.low = low
  }
}

/// The kind of a chain, as the label `kind` has it: whose it is, in a bounded number of words.
public enum ChainKind {
  /// The kind of a chain: `builtin`, a kube-proxy family (`KUBE-SVC`, `KUBE-SEP`, …), `KUBE-other`,
  /// another agent's (`CNI`, `CALICO`, `CILIUM`, `DOCKER`, `KUBE-ROUTER`, …) or `other`.
  public static func of(_ chain: Chain) -> String { of(chain.name, isBuiltIn: chain.isBuiltIn) }

  /// The kind of a chain of that name.
  public static func of(_ name: ChainName, isBuiltIn: Bool) -> String {
    if isBuiltIn { return builtIn }
    switch ChainRole(name) {
    case .service(let family, _): return family.rawValue
    case .dispatch, .system: return "KUBE-other"
    case .other where name.isKubeRouters: return kubeRouter
    case .other: return agents.first { name.hasPrefix($0.prefix) }?.kind ?? "other"
    }
  }

  /// The kind of built-in chains.
  public static let builtIn = "builtin"

  /// The kind of kube-router's chains.
  public static let kubeRouter = "KUBE-ROUTER"

  /// What the chains of other agents that are often found on Kubernetes' nodes begin with.
  private static let agents: [(prefix: ChainName, kind: String)] = [
    ("ANTREA-", "ANTREA"), ("AWS-", "AWS"), ("cali", "CALICO"),
    ("CILIUM_", "CILIUM"), ("OLD_CILIUM_", "CILIUM"), ("CNI-", "CNI"), ("DOCKER", "DOCKER"),
    ("f2b-", "FAIL2BAN"), ("FLANNEL-", "FLANNEL"), ("IP-MASQ", "IP-MASQ"), ("ISTIO_", "ISTIO"),
    ("LIBVIRT_", "LIBVIRT"), ("NETAVARK", "NETAVARK"), ("OPENSHIFT-", "OPENSHIFT"),
    ("OVN-KUBE-", "OVN-KUBE"), ("ts-", "TAILSCALE"), ("ufw", "UFW"), ("WEAVE", "WEAVE"),
  ]
}
