public import Netfilter

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
