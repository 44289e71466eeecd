public import Netfilter

/// What a table's chains show of who writes into it.
public struct Landmarks: OptionSet, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A chain whose name begins with KUBE-, and that is not kube-router's: kube-proxy's or the kubelet's.
  public static let kubernetes = Landmarks(rawValue: 1)
  /// A chain KUBE-SERVICES: kube-proxy's, in the mode iptables or IPVS.
  public static let kubeServices = Landmarks(rawValue: 2)
  /// A chain of nat that kube-proxy makes in its IPVS mode only.
  public static let ipvs = Landmarks(rawValue: 4)
  /// Rules of nat that lead to service ports, whether they can be named or not.
  public static let servicePorts = Landmarks(rawValue: 8)
  /// Rules of filter that block service ports.
  public static let blockedServicePorts = Landmarks(rawValue: 16)

  /// What a chain shows, by its name, and where it is one that dispatches, by its rules.
  public static func of(_ content: TableContent, chainAt index: Int) -> Landmarks {
    let name = content.chains[index].name
    guard name.isKubernetes else { return [] }
    // Most chains are a service port's, and show no more.
    if ChainRole.mayBeService(name) { return .kubernetes }
    var landmarks: Landmarks = .kubernetes
    if name == .kubeServices { landmarks.insert(.kubeServices) }
    if content.name == .nat, ipvsChains.contains(name) { landmarks.insert(.ipvs) }
    if content.serviceRules(ofChainAt: index).contains(where: { _ in true }) {
      landmarks.insert(content.name == .nat ? .servicePorts : .blockedServicePorts)
    }
    return landmarks
  }

  /// The landmarks that some tables show together.
  public static func of(_ contents: [TableContent]) -> Landmarks {
    contents.reduce(into: []) { landmarks, content in
      for chain in content.chains.indices { landmarks.formUnion(of(content, chainAt: chain)) }
    }
  }

  private static let ipvsChains: [ChainName] = ["KUBE-LOAD-BALANCER", "KUBE-NODE-PORT"]
}

/// How much a backend holds of kube-proxy's and the kubelet's.
public struct KubernetesHoldings: Sendable, Hashable {
  public private(set) var chains = 0
  public private(set) var rules = 0
  /// The tables that have such chains, nat first.
  public private(set) var tables: [TableName] = []

  /// Nil where it holds nothing of theirs.
  public init?(of family: FamilySnapshot) {
    for name in [.nat, .filter, .mangle, .raw, .security] as [TableName] {
      guard let content = family.table(name)?.content else { continue }
      let found = content.chains.indices.filter { content.chains[$0].name.isKubernetes }
      if found.isEmpty { continue }
      tables.append(name)
      chains += found.count
      rules = found.reduce(rules) { $0 + content.chains[$1].rules.count }
    }
    if tables.isEmpty { return nil }
  }
}

extension KubernetesHoldings: CustomStringConvertible {
  /// `61 chains of Kubernetes with 143 rules, in nat, filter and mangle`.
  public var description: String {
    let chains = chains == 1 ? "1 chain" : "\(chains) chains"
    let rules = rules == 1 ? "1 rule" : "\(rules) rules"
    let names = tables.map(\.rawValue)
    let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " and " : "")
    return "\(chains) of Kubernetes with \(rules), in \(list)\(names.last ?? "")"
  }
}

extension TableContent {
  /// What the rules of nat's KUBE-SERVICES that lead to KUBE-NODEPORTS ask of the destination; nil for one that asks
  /// for no address.
  ///
  /// Without `--nodeport-addresses` there is one such rule, for all local addresses. With it there is one for each
  /// of the node's addresses that it names.
  public var nodePortDestinations: [AddressMatch?] {
    guard let chain = chainIndex(of: .kubeServices) else { return [] }
    let rules = chains[chain].rules
    return rules.jumps.filter { $0.target == .kubeNodePorts }
      .map { rules.outline(at: $0.position).destination }
  }

  /// The node's addresses that the rules of nat show: those by which its NodePorts are reached, where
  /// `--nodeport-addresses` restricts them.
  public var nodeAddresses: [IPAddress] { nodePortDestinations.compactMap { $0?.onlyAddress } }

  /// The pod network of the whole cluster (`--cluster-cidr`), and the rule of nat that shows it: what comes from
  /// elsewhere is masqueraded. Nil where none does.
  public var podNetwork: (network: AddressMatch, chain: Int, position: Int)? {
    for chain in chains.indices
    where chains[chain].name == .kubeServices || chains[chain].name.hasPrefix("KUBE-SVC-") {
      let rules = chains[chain].rules
      for position in rules.indices.prefix(8)
      where rules.chain(at: position) == .kubeMarkMasq {
        guard let source = rules[position].source, source.inverted,
          source.mask != source.address.family.fullMask
        else { continue }
        return (AddressMatch(address: source.address, mask: source.mask), chain, position)
      }
    }
    return nil
  }

  /// The positions of those rules of a chain that kube-proxy writes for service ports in its iptables
  /// mode only: in nat those that lead to their chains, in filter those that block them. Only chains
  /// that dispatch have any.
  public func serviceRules(ofChainAt index: Int) -> some Sequence<Int> {
    let isDispatch =
      switch name {
      case .nat: ChainStage.dispatchChains.contains(chains[index].name)
      case .filter: ChainRole(chains[index].name) == .dispatch
      default: false
      }
    let rules = isDispatch ? chains[index].rules : RuleList()
    let isNAT = name == .nat
    return rules.indices.lazy.filter { position in
      isNAT
        ? rules.chain(at: position).map { ChainStage($0) == .service } ?? false
        : rules.outcome(at: position) == .blocked
          && rules.servicePortComment(at: position)?.blockReason != nil
    }
  }
}
