internal import Harness
internal import RulesetGenerator

/// One write of a writer: a text for iptables-restore, and what nat holds once it is restored.
struct Rewrite: Sendable {
  let text: MemoryFile
  /// The flags of iptables-restore.
  let flags: [String]
  let totals: TableTotals

  /// A text that replaces the tables filter and nat, each in one transaction.
  static func whole(_ cluster: Cluster) throws -> Rewrite {
    let ruleset = Ruleset(cluster: cluster, comments: true)
    return Rewrite(
      text: try MemoryFile(ruleset.filterText + ruleset.natText), flags: [],
      totals: ruleset.natTotals)
  }

  /// A text that changes one service, and leaves the cluster's rules behind.
  static func change(_ text: String, to cluster: Cluster) throws -> Rewrite {
    Rewrite(
      text: try MemoryFile(text), flags: ["--noflush"],
      totals: Ruleset(cluster: cluster, comments: true).natTotals)
  }

  /// Writes that can be repeated over and over: for each cluster all of its rules, and then changes
  /// of two of its services, some of which kube-proxy would make with a partial sync.
  static func cycle(_ clusters: [Cluster]) throws -> [Rewrite] {
    try clusters.flatMap { cluster in
      let ruleset = Ruleset(cluster: cluster, comments: true)
      let (one, other) = (cluster.services[0], cluster.services[1])
      let (replaced, scaled) = (cluster.replacingEndpoint(0), cluster.scaledUp(1))
      let withReplaced = cluster.replacing(0, with: replaced)
      let withBoth = withReplaced.replacing(1, with: scaled)
      return try [
        whole(cluster),
        change(ruleset.partialSync(from: one, to: replaced, seed: 1), to: withReplaced),
        change(ruleset.update(from: other, to: scaled), to: withBoth),
        change(ruleset.partialSync(from: scaled, to: other, seed: 2), to: withReplaced),
        change(ruleset.update(from: replaced, to: one), to: cluster),
      ]
    }
  }
}
