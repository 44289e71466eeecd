public import Netfilter

/// A kind of fault in the rules of kube-proxy or the kubelet; the raw value is the metric's label.
public enum Anomaly: String, Sendable, Hashable, CaseIterable {
  /// Both backends hold chains of kube-proxy or the kubelet.
  case mixedBackends = "mixed_backends"
  /// A table of iptables' holds rules or base chains of nf_tables that iptables can't have written.
  case incompatibleTable = "incompatible_table"
  /// A table has kube-proxy's chains, and no rule of kube-proxy's.
  case tableFlushed = "table_flushed"
  /// nat's KUBE-SERVICES has no rules, and built-in chains lead to it.
  case servicesChainEmpty = "services_chain_empty"
  /// A rule before a jump to kube-proxy's chain keeps all packets from it.
  case hookJumpUnreached = "hook_jump_unreached"
  /// A rule or a policy drops or rejects what goes to services' endpoints.
  case serviceTrafficDropped = "service_traffic_dropped"
  /// A rule takes a service port's packets before kube-proxy's rules see them.
  case serviceIntercepted = "service_intercepted"
  /// An endpoint's chain translates to another destination than the one that its name is the hash of.
  case endpointMismatch = "endpoint_mismatch"
  /// The comments of a service port's chain, or of a rule that leads to it, name another one than its
  /// name is the hash of.
  case commentMismatch = "comment_mismatch"
  /// A chain of a service port or an endpoint that no rule leads to.
  case orphanChain = "orphan_chain"
  /// A service port is served at other addresses or has chains, and no rule is for its cluster IP.
  case clusterIPMissing = "cluster_ip_missing"
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
  /// KUBE-NODEPORTS has rules, and KUBE-SERVICES doesn't lead to it.
  case nodePortJumpMissing = "node_port_jump_missing"
  /// A rule that is there for one port of a service names no port.
  case portMatchMissing = "port_match_missing"
  /// KUBE-MARK-MASQ, KUBE-POSTROUTING or KUBE-FORWARD doesn't do what it is there for.
  case plumbingBroken = "plumbing_broken"
  /// A built-in chain doesn't jump to kube-proxy's chain.
  case hookJumpMissing = "hook_jump_missing"
  /// A built-in chain jumps to a chain of kube-proxy or another agent twice.
  case hookJumpDuplicated = "hook_jump_duplicated"
  /// A table lacks a chain by which kube-proxy or the kubelet notices a flush, and other tables have it.
  case canaryMissing = "canary_missing"
  /// A chain of kube-proxy or the kubelet drops whatever comes to it.
  case unguardedDrop = "unguarded_drop"
  /// A chain of kube-proxy or the kubelet accepts or returns whatever comes to it.
  case unguardedVerdict = "unguarded_verdict"
  /// Chains lead to each other in a circle.
  case chainLoop = "chain_loop"
  /// filter rejects a service port because it has no endpoints, and nat sends it to some.
  case staleReject = "stale_reject"
  /// Rules for services, and kube-proxy is in a mode in which it doesn't use or update them.
  case ghostRules = "ghost_rules"
  /// Rules of the CNI plugin portmap for a hostPort lead nowhere, or to two pods.
  case hostPortBroken = "host_port_broken"
  /// Rules of the node-local DNS cache are missing, or there twice.
  case nodeLocalDNSIncomplete = "node_local_dns_incomplete"

  /// How bad it is; the raw value stands in JSON.
  public enum Severity: String, Sendable, Hashable {
    /// kube-proxy may leave it for a while, or it does no harm by itself.
    case info
    case warning
    /// Somebody wrote it: no sync of kube-proxy and no kubelet does, not even for a moment.
    case critical
  }

  /// That of the alert that it raises.
  public var severity: Severity {
    switch self {
    case .orphanChain, .duplicateRule, .hookJumpDuplicated, .hostPortBroken,
      .nodeLocalDNSIncomplete:
      .info
    case .endpointMismatch, .portMatchMissing, .serviceIntercepted, .unguardedDrop,
      .unguardedVerdict:
      .critical
    default: .warning
    }
  }

  /// The tables in which it can occur.
  public var tables: [TableName] {
    switch self {
    case .endpointMismatch, .commentMismatch, .orphanChain, .clusterIPMissing,
      .serviceWithoutEndpoint, .emptyChain,
      .nodePortConflict, .unequalShares, .nodePortJumpNotLast, .nodePortJumpMissing,
      .servicesChainEmpty, .hostPortBroken, .hookJumpUnreached, .serviceIntercepted:
      [.nat]
    case .duplicateRule, .hookJumpMissing, .ghostRules, .tableFlushed, .portMatchMissing,
      .plumbingBroken, .unguardedDrop, .unguardedVerdict:
      [.filter, .nat]
    case .canaryMissing, .mixedBackends: [.filter, .mangle, .nat]
    case .staleReject: [.filter]
    case .serviceTrafficDropped: [.filter, .mangle, .security]
    case .nodeLocalDNSIncomplete: [.filter, .raw]
    case .incompatibleTable, .chainLoop, .hookJumpDuplicated: [.filter, .mangle, .nat, .raw]
    }
  }
}
