/// What shows that a node's kube-proxy does not use iptables for its services.
public struct NodeEvidence: Sendable, Hashable {
  /// The interface `kube-ipvs0` exists, to which kube-proxy's IPVS mode gives the services' addresses.
  public var hasIPVSInterface: Bool
  /// nf_tables has the table `kube-proxy`, that of kube-proxy's nftables mode, in either family.
  public var hasKubeProxyTable: Bool

  public init(hasIPVSInterface: Bool = false, hasKubeProxyTable: Bool = false) {
    self.hasIPVSInterface = hasIPVSInterface
    self.hasKubeProxyTable = hasKubeProxyTable
  }
}
