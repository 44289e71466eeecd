internal import IPTablesSource
internal import Netfilter

/// How kube-proxy serves services on the node; the raw value is the metric's label.
enum KubeProxyMode: String, Sendable, Hashable {
  case iptables
  case ipvs
  case nftables
  /// There is no kube-proxy, or it has written nothing yet.
  case none

  /// The mode that the rules show, and where they don't, what else is known of the node.
  ///
  /// IPVS mode has a chain KUBE-SERVICES as well, but no rule in it leads to a service port. So that
  /// chain tells of the mode `iptables` only where nothing tells of IPVS: there are no services yet.
  init(_ families: [FamilyState], _ choice: BackendChoice?, _ node: NodeEvidence) {
    var chosen: Landmarks = []
    var followed: Landmarks = []
    for family in families {
      if choice == nil || choice?.backend == family.backend { chosen.formUnion(family.landmarks) }
      if family.isFollowed { followed.formUnion(family.landmarks) }
    }
    if chosen.contains(.servicePorts) {
      self = .iptables
    } else if node.hasIPVSInterface || followed.contains(.ipvs) {
      self = .ipvs
    } else if followed.contains(.kubeServices) {
      self = .iptables
    } else if node.hasKubeProxyTable {
      self = .nftables
    } else {
      self = .none
    }
  }
}
