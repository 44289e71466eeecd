/// The iptables rules of a cluster, as kube-proxy 1.28 writes them on every node.
///
/// The text is what iptables-save prints for them, without counters: iptables-restore takes it, and
/// so does whatever reads saved files.
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
    let services = cluster.services.map(serviceChains)
    var nat = Plumbing.nat(cluster.family)
    nat[.services, default: Chain(name: "KUBE-SERVICES")].rules.insert(
      contentsOf: services.map(\.dispatchRule), at: 0)
    nat[.nodePorts, default: Chain(name: "KUBE-NODEPORTS")].rules = services.compactMap(
      \.nodePortRule)
    return Self.table("filter", Plumbing.filter(cluster.family))
      + Self.table("mangle", Plumbing.mangle)
      + Self.table("nat", nat.builtIn + sorted(nat.own + services.flatMap(\.chains)))
  }
}
