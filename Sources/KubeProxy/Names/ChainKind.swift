public import Netfilter

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
