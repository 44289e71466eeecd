public import Netfilter

/// How kube-proxy serves services on the node; the raw value is the metric's label.
public enum KubeProxyMode: String, Sendable, Hashable {
  case iptables
  case ipvs
  case nftables
  /// There is no kube-proxy, or it has written nothing yet.
  case none

  /// The mode that the node shows, the surest sign first.
  ///
  /// The table and the interface are there only where kube-proxy is in that mode, or was and nobody has
  /// cleaned up. Packets are served by them, so they count more than rules of the mode iptables beside
  /// them. Without them the rules tell. In IPVS mode kube-proxy empties nat's KUBE-SERVICES of rules
  /// that lead to service ports, but leaves those of filter that block some.
  ///
  /// - Parameters:
  ///   - landmarks: what the rules show in the backend that kube-proxy uses.
  ///   - node: which of kube-proxy's signs are on the node: the table of its nftables mode, and the
  ///     interface of its IPVS mode.
  public init(_ landmarks: Landmarks, _ node: NodeEvidence) {
    if node.hasTable {
      self = .nftables
    } else if node.hasInterface {
      self = .ipvs
    } else if landmarks.contains(.servicePorts) {
      self = .iptables
    } else if landmarks.contains(.ipvs) {
      self = .ipvs
    } else if !landmarks.isDisjoint(with: [.blockedServicePorts, .kubeServices]) {
      self = .iptables
    } else {
      self = .none
    }
  }

  /// The mode that a rule set shows, and what else is known of the node, if anything is.
  public init(of families: [FamilySnapshot], _ node: NodeEvidence = NodeEvidence()) {
    self.init(Landmarks.of(families.flatMap(\.tables).map(\.content)), node)
  }

  /// Whether kube-proxy serves services, and not by iptables' rules: those for services that are there
  /// all the same are ghosts, which nobody updates.
  public var servesElsewhere: Bool { self == .ipvs || self == .nftables }

  /// What people are told who ask about iptables' rules; nil where those are what serves.
  ///
  /// - Parameter isKernel: whether they are the kernel's, beside which other modes' traces would be seen.
  public func notice(ofKernel isKernel: Bool) -> String? {
    switch self {
    case .iptables: nil
    case .ipvs: "kube-proxy is in ipvs mode: IPVS serves the services, not these rules"
    case .nftables:
      "kube-proxy is in nftables mode: nf_tables' table kube-proxy serves the services, not these rules"
    case .none:
      "no rules of kube-proxy here"
        + (isKernel ? "" : " (its nftables mode leaves none in such a file)")
    }
  }
}

extension NodeSigns {
  /// What kube-proxy and the kubelet leave on a node.
  public static let kubeProxy = NodeSigns(
    chains: [.kubeServices],
    // The kubelet's, which tell others the backend that it uses.
    hints: ["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"],
    // That of kube-proxy's nftables mode.
    tables: ["kube-proxy"],
    // That to which kube-proxy's IPVS mode gives the services' addresses.
    interfaces: ["kube-ipvs0"])
}

extension BackendChoice.Reason {
  /// Only in this backend nat or filter has a chain KUBE-SERVICES.
  public static let services = Self(rawValue: "KUBE-SERVICES")
  /// The kubelet's hint stands in the backend's mangle table.
  public static let hint = Self(rawValue: "kubelet")
  /// Nothing of the above tells; this backend has more rules.
  public static let rules = Self(rawValue: "rules")
}

extension BackendChoice {
  /// The backend that kube-proxy uses.
  ///
  /// Chooses as kube-proxy's own image does: by the kubelet's hint, nf_tables first, and without one by
  /// the number of rules. But where kube-proxy's rules already stand in one backend only, that is it.
  ///
  /// - Parameters: what each backend holds of kube-proxy's signs; nil where that was never learnt.
  /// Source: `iptables-wrappers`, which kubernetes/release builds into the image.
  public init(legacy: BackendEvidence?, nft: BackendEvidence?) {
    guard let legacy, let nft else {
      self.init(backend: nft == nil ? .legacy : .nft, reason: .rules)
      return
    }
    if legacy.hasChain != nft.hasChain {
      self.init(backend: nft.hasChain ? .nft : .legacy, reason: .services)
    } else if nft.hasHint || legacy.hasHint {
      self.init(backend: nft.hasHint ? .nft : .legacy, reason: .hint)
    } else {
      self.init(backend: legacy.rules > nft.rules ? .legacy : .nft, reason: .rules)
    }
  }
}
