public import Netfilter

/// The kind of a chain, as the label `kind` has it: whose it is, in a bounded number of words.
public enum ChainKind {
  /// The kind of a chain: `builtin`, a kube-proxy family (`KUBE-SVC`, `KUBE-SEP`, …), `KUBE-other`,
  /// another agent's (`CNI`, `CALICO`, `CILIUM`, `DOCKER`, …) or `other`.
  public static func of(_ chain: Chain) -> String {
    if chain.isBuiltIn { return "builtin" }
    switch ChainRole(chain.name) {
    case .service(let family, _): return family.rawValue
    case .dispatch, .system: return "KUBE-other"
    case .other: return agents.first { chain.name.hasPrefix($0.prefix) }?.kind ?? "other"
    }
  }

  /// What the chains of agents that are often found on Kubernetes' nodes begin with.
  private static let agents: [(prefix: ChainName, kind: String)] = [
    ("ANTREA-", "ANTREA"), ("AWS-", "AWS"), ("cali-", "CALICO"), ("cali", "CALICO"),
    ("CILIUM_", "CILIUM"), ("OLD_CILIUM_", "CILIUM"), ("CNI-", "CNI"), ("DOCKER", "DOCKER"),
    ("f2b-", "FAIL2BAN"), ("FLANNEL-", "FLANNEL"), ("IP-MASQ", "IP-MASQ"), ("ISTIO_", "ISTIO"),
    ("LIBVIRT_", "LIBVIRT"), ("NETAVARK", "NETAVARK"), ("OPENSHIFT-", "OPENSHIFT"),
    ("OVN-KUBE-", "OVN-KUBE"), ("ts-", "TAILSCALE"), ("ufw", "UFW"), ("WEAVE", "WEAVE"),
  ]
}

/// Where a rule stands, as the label `scope` has it.
public enum RuleScope: String, Sendable, Hashable, CaseIterable {
  /// A built-in chain, where the order decides who sees a packet first.
  case hook
  /// A chain that kube-proxy fills in random order at every sync.
  case dispatch
  /// A chain of one service port.
  case service
  /// Another KUBE-* chain.
  case system
  case other

  public init(_ chain: Chain) {
    if chain.isBuiltIn {
      self = .hook
      return
    }
    switch ChainRole(chain.name) {
    case .service: self = .service
    case .dispatch: self = .dispatch
    case .system: self = .system
    case .other: self = .other
    }
  }
}
