public import KubeProxy
internal import Netfilter

/// Traffic to a service port that is rejected or dropped.
public struct BlockedTraffic: Sendable, Hashable {
  /// Whose traffic it is; the raw value is what machines are told.
  public enum Origin: String, Sendable, Hashable, CaseIterable {
    /// To the cluster IP.
    case inCluster = "in_cluster"
    /// To NodePorts, external IPs and load balancers' IPs, from outside.
    case external
  }

  public let reason: BlockReason
  public let origin: Origin

  init(_ reason: BlockReason, _ origin: Origin) {
    self.reason = reason
    self.origin = origin
  }

  /// What a rule of the filter table blocks: KUBE-EXTERNAL-SERVICES sees to external traffic.
  init?(_ rule: Rule, in chain: ChainName) {
    guard let reason = BlockReason(comment: rule.comments.first) else { return nil }
    self.init(reason, chain == .kubeExternalServices ? .external : .inCluster)
  }
}

extension Set<BlockedTraffic> {
  /// Whose traffic is blocked for that reason.
  func origins(_ reason: BlockReason) -> [BlockedTraffic.Origin] {
    BlockedTraffic.Origin.allCases.filter { contains(BlockedTraffic(reason, $0)) }
  }

  /// ` for external traffic`; nothing where all traffic is blocked. A service port without any endpoint is
  /// closed to all who can ask for it.
  func words(_ reason: BlockReason) -> String {
    let origins = origins(reason)
    guard reason == .noLocalEndpoints, origins.count == 1 else { return "" }
    return " for \(origins[0].words)"
  }
}

extension BlockedTraffic.Origin {
  var words: String {
    switch self {
    case .inCluster: "traffic from inside the cluster"
    case .external: "external traffic"
    }
  }
}
