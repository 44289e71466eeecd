/// The iptables rules of a cluster, as kube-proxy 1.28 writes them on every node.
///
/// The text is for iptables-restore, and for whatever reads saved files. Chains stand in the order
/// in which kube-proxy's map yields their services: a restore creates them in the text's order, and
/// in nf_tables they keep it.
public struct Ruleset: Sendable {
  public let cluster: Cluster
  /// Whether KUBE-SVC and KUBE-SEP rules have comments. kube-proxy drops them above 1,000
  /// endpoints ("large cluster mode"); a table with them is the larger, and so the harder, case.
  public let comments: Bool

  public init(cluster: Cluster, comments: Bool) {
    self.cluster = cluster
    self.comments = comments
  }

  /// The tables filter, mangle and nat.
  public var restoreText: String {
    filterText + Self.table("mangle", Plumbing.mangle) + natText
  }

  /// The table filter, which a cluster without blocked services leaves as it is.
  public var filterText: String {
    Self.table("filter", Plumbing.filter(cluster.family))
  }

  /// The table nat, with all services.
  public var natText: String {
    Self.table("nat", natChains)
  }

  /// What there is to count in the table nat.
  public var natTotals: TableTotals {
    let chains = natChains
    return TableTotals(
      chains: chains.count, rules: chains.reduce(0) { $0 + $1.rules.count },
      services: cluster.services.count,
      endpoints: cluster.services.reduce(0) { $0 + $1.endpoints.count })
  }

  private var natChains: [Chain] {
    plumbing(of: cluster) + cluster.services.flatMap { chains($0).all }
  }

  /// The chains of nat that are there whatever the services are, dispatching to the services of a
  /// cluster in its order.
  func plumbing(of cluster: Cluster) -> [Chain] {
    let services = cluster.services.map(chains)
    return Plumbing.nat(
      cluster.family,
      dispatchRules: services.map(\.dispatchRule),
      nodePortRules: services.compactMap(\.nodePortRule))
  }

  func chains(_ service: Service) -> ServiceChains {
    ServiceChains(service: service, family: cluster.family, comments: comments)
  }

  /// One table's text: all chains are created, or emptied, before the first rule needs them.
  static func table(_ name: String, _ chains: [Chain], ending: String = "") -> String {
    var text = "*\(name)\n"
    for chain in chains {
      text += chain.declaration
    }
    for chain in chains {
      text += chain.appends
    }
    return text + ending + "COMMIT\n"
  }
}
