public import Netfilter

/// A kind of fault in the rules of kube-proxy or the kubelet; the raw value is the metric's label.
public enum Anomaly: String, Sendable, Hashable, CaseIterable {
  /// An endpoint's chain translates to another destination than the one that its name is the hash of.
  case endpointMismatch = "endpoint_mismatch"
  /// The comments of a service port's chain, or of a rule that leads to it, name another one than its
  /// name is the hash of.
  case commentMismatch = "comment_mismatch"
  /// A chain of a service port or an endpoint that no rule leads to.
  case orphanChain = "orphan_chain"
  /// A chain that should balance over endpoints leads to none.
  case serviceWithoutEndpoint = "service_without_endpoint"
  /// A rule leads to a chain of a service port or an endpoint that has no rules.
  case emptyChain = "jump_to_empty_chain"
  /// One NodePort is dispatched to two service ports.
  case nodePortConflict = "node_port_conflict"
  /// A chain holds the same rule twice.
  case duplicateRule = "duplicate_rule"
  /// The endpoints of a chain don't get equal shares.
  case unequalShares = "unequal_shares"
  /// A rule stands behind the jump to KUBE-NODEPORTS in KUBE-SERVICES.
  case nodePortJumpNotLast = "node_port_jump_not_last"
  /// A built-in chain doesn't jump to kube-proxy's chain.
  case hookJumpMissing = "hook_jump_missing"
  /// A built-in chain jumps to kube-proxy's chain twice.
  case hookJumpDuplicated = "hook_jump_duplicated"
  /// A chain that tells kube-proxy or the kubelet of a flush is gone from a table, and others have it.
  case canaryMissing = "canary_missing"
  /// KUBE-FIREWALL drops whatever comes to it.
  case unguardedDrop = "unguarded_drop"
  /// Rules for services, and kube-proxy is in a mode in which it doesn't use or update them.
  case ghostRules = "ghost_rules"

  /// How bad it is; the raw value is what machines are told.
  public enum Severity: String, Sendable, Hashable {
    /// kube-proxy may leave it for a while, or it does no harm by itself.
    case info
    case warning
  }

  /// That of the alert that it raises.
  public var severity: Severity {
    switch self {
    case .orphanChain, .duplicateRule, .hookJumpDuplicated: .info
    default: .warning
    }
  }

  /// The tables in which it can occur.
  public var tables: [TableName] {
    switch self {
    case .endpointMismatch, .commentMismatch, .orphanChain, .serviceWithoutEndpoint, .emptyChain,
      .nodePortConflict, .unequalShares, .nodePortJumpNotLast:
      [.nat]
    case .duplicateRule, .hookJumpMissing, .hookJumpDuplicated, .ghostRules: [.filter, .nat]
    case .canaryMissing: [.filter, .mangle, .nat]
    case .unguardedDrop: [.filter]
    }
  }
}
