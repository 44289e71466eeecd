public import KubeProxy
public import Netfilter

/// Where the service ports of a family are reached, as the rules that dispatch to them, or block them,
/// say.
struct DispatchFacts {
  let side: FamilySide
  /// For each service port of the map.
  private(set) var services: [Reached]
  private let indices: [ServicePort: Int]

  /// Where one service port is reached.
  struct Reached {
    /// In the order of the rules, each once.
    var addresses: [ServiceAddress] = []
    var nodePorts: [UInt16] = []
    /// What the filter table blocks.
    var blocked: Set<BlockedTraffic> = []
    /// The rules, chain by chain: in nat and in filter.
    var rules: [ServiceReport.Rules] = []

    fileprivate mutating func add(_ content: TableContent, _ chain: Int, _ position: Int) {
      if let last = rules.indices.last, rules[last].isOf(content, chain) {
        rules[last].positions.append(position)
      } else {
        rules.append(ServiceReport.Rules(content: content, index: chain, positions: [position]))
      }
    }
  }

  init(_ side: FamilySide) {
    self.side = side
    services = Array(repeating: Reached(), count: side.map.services.count)
    indices = Dictionary(
      side.map.services.enumerated().map { ($1.port, $0) }, uniquingKeysWith: { $1 })
    for table in side.snapshot.tables where table.name == .nat || table.name == .filter {
      for (index, chain) in table.content.chains.enumerated()
      where RuleScope(chain) == .dispatch {
        // Filter's KUBE-NODEPORTS is for health checks.
        if table.name == .filter, chain.name == .kubeNodePorts { continue }
        add(table.content, index)
      }
    }
    for index in services.indices {
      services[index].addresses.removeDuplicates()
      services[index].nodePorts = Set(services[index].nodePorts).sorted()
    }
  }

  private mutating func add(_ content: TableContent, _ chain: Int) {
    let list = content.chains[chain].rules
    let name = content.chains[chain].name
    for position in list.indices {
      guard let owner = side.map.owner(ofRule: position, ofChainAt: chain, in: content) else {
        continue
      }
      services[owner].add(content, chain, position)
      let rule = list[position]
      let comment = rule.comments.first
      if content.name == .filter, let reason = BlockReason(comment: comment) {
        // KUBE-EXTERNAL-SERVICES sees to external traffic.
        let origin: BlockedTraffic.Origin = name == .kubeExternalServices ? .external : .inCluster
        services[owner].blocked.insert(BlockedTraffic(reason: reason, origin: origin))
      }
      let outline = rule.outline
      guard let port = outline.destinationPort else { continue }
      if let destination = outline.destination, destination.isOneAddress {
        services[owner].addresses.append(
          ServiceAddress(
            kind: ServiceAddress.Kind(comment, content.name, name),
            address: destination.address, port: port))
      } else if name != .kubeServices {
        services[owner].nodePorts.append(port)
      }
    }
  }

  /// What the rules say of a service port; nil where it doesn't exist.
  func facts(of port: ServicePort) -> ServiceFacts? {
    indices[port].map { ServiceFacts($0, self) }
  }
}

extension AddressMatch {
  var isOneAddress: Bool { !inverted && mask == mask.family.fullMask }
}

/// An address that a service port is reached at.
public struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
  /// What kube-proxy's comment, or the chain of its rule, says of it; the raw value stands in JSON.
  public enum Kind: String, Sendable, Hashable {
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
  public var description: String {
    address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}

extension [ServiceAddress] {
  /// Leaves each address once. One of an unknown kind is left only where no other rule has its kind.
  fileprivate mutating func removeDuplicates() {
    guard count > 1 else { return }
    var seen = Set(
      lazy.filter { $0.kind != .unknown }.map {
        ServiceAddress(kind: .unknown, address: $0.address, port: $0.port)
      })
    self = filter { seen.insert($0).inserted }
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
  fileprivate init(_ comment: ByteString?, _ table: TableName, _ chain: ChainName) {
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

/// Traffic to a service port that is rejected or dropped.
public struct BlockedTraffic: Sendable, Hashable {
  /// Where the traffic comes from; the raw value stands in JSON.
  public enum Origin: String, Sendable, Hashable, CaseIterable {
    /// To the cluster IP.
    case inCluster = "in_cluster"
    /// To NodePorts, external IPs and load balancers' IPs, from outside.
    case external
  }

  public let reason: BlockReason
  public let origin: Origin
}

extension Set<BlockedTraffic> {
  /// The traffic that is blocked for that reason.
  func origins(_ reason: BlockReason) -> [BlockedTraffic.Origin] {
    BlockedTraffic.Origin.allCases.filter { contains(BlockedTraffic(reason: reason, origin: $0)) }
  }

  /// ` for external traffic`; nothing where all traffic is blocked. A service port without any endpoint is
  /// closed to all who can ask for it.
  func words(_ reason: BlockReason) -> String {
    let origins = origins(reason)
    guard reason == .noLocalEndpoints, origins.count == 1 else { return "" }
    return origins[0] == .external
      ? " for external traffic" : " for traffic from inside the cluster"
  }
}

extension BlockReason {
  /// What the service port has none of.
  var lacking: String {
    switch self {
    case .noEndpoints: "endpoints"
    case .noLocalEndpoints: "endpoints on this node"
    }
  }

  var words: String { "it has no \(lacking)" }
}
