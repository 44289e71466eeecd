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
    let services = cluster.services.map(chains)
    let nat = Plumbing.nat(
      cluster.family,
      dispatchRules: services.map(\.dispatchRule),
      nodePortRules: services.compactMap(\.nodePortRule))
    return Self.table("filter", Plumbing.filter(cluster.family))
      + Self.table("mangle", Plumbing.mangle)
      + Self.table("nat", nat + services.flatMap(\.all))
  }

  /// The change that makes one service look like another state of itself, to be restored with
  /// `--noflush`: its own chains are written again, and those of endpoints that are gone deleted.
  public func update(from old: Service, to new: Service) -> String {
    let written = chains(new).all
    let kept = Set(written.map(\.name))
    let gone = chains(old).all.filter { !kept.contains($0.name) }
    let emptied = gone.map { Chain(name: $0.name) }
    let deletions = gone.map { "-X \($0.name)\n" }.joined()
    return Self.table("nat", written + emptied, ending: deletions)
  }

  private func chains(_ service: Service) -> ServiceChains {
    ServiceChains(service: service, family: cluster.family, comments: comments)
  }

  /// One table's text: built-in chains first, then the others by name, as iptables-save has them.
  private static func table(_ name: String, _ chains: [Chain], ending: String = "") -> String {
    let builtIn = chains.filter { $0.policy != nil }
    let own = chains.filter { $0.policy == nil }.sorted { $0.name < $1.name }
    var text = "*\(name)\n"
    for chain in builtIn + own {
      text += chain.declaration
    }
    for chain in builtIn + own {
      text += chain.appends
    }
    return text + ending + "COMMIT\n"
  }
}
