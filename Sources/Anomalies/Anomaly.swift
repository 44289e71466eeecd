public import Netfilter

/// A kind of fault in the rules of kube-proxy or the kubelet; the raw value is the metric's label.
///
/// ``title`` says what each is.
public enum Anomaly: String, Sendable, Hashable, CaseIterable {
  case mixedBackends = "mixed_backends"
  case incompatibleTable = "incompatible_table"
  case tableFlushed = "table_flushed"
  case servicesChainEmpty = "services_chain_empty"
  case hookJumpUnreached = "hook_jump_unreached"
  case serviceTrafficDropped = "service_traffic_dropped"
  case serviceIntercepted = "service_intercepted"
  case endpointMismatch = "endpoint_mismatch"
  case commentMismatch = "comment_mismatch"
  case orphanChain = "orphan_chain"
  case clusterIPMissing = "cluster_ip_missing"
  case serviceWithoutEndpoint = "service_without_endpoint"
  case emptyChain = "jump_to_empty_chain"
  case nodePortConflict = "node_port_conflict"
  case duplicateRule = "duplicate_rule"
  case unequalShares = "unequal_shares"
  case nodePortJumpNotLast = "node_port_jump_not_last"
  case nodePortJumpMissing = "node_port_jump_missing"
  case portMatchMissing = "port_match_missing"
  case plumbingBroken = "plumbing_broken"
  case hookJumpMissing = "hook_jump_missing"
  case hookJumpDuplicated = "hook_jump_duplicated"
  case canaryMissing = "canary_missing"
  case unguardedDrop = "unguarded_drop"
  case unguardedVerdict = "unguarded_verdict"
  case chainLoop = "chain_loop"
  case staleReject = "stale_reject"
  case ghostRules = "ghost_rules"
  case hostPortBroken = "host_port_broken"
  case nodeLocalDNSIncomplete = "node_local_dns_incomplete"

  /// How bad it is; the raw value stands in JSON.
  public enum Severity: String, Sendable, Hashable {
    /// kube-proxy may leave it for a while, or it does no harm by itself.
    case info
    case warning
    /// Somebody wrote it: no sync of kube-proxy and no kubelet does, not even for a moment.
    case critical
  }

  /// What is wrong, in a few words.
  public var title: String { profile.title }

  /// The tables in which it can occur.
  public var tables: [TableName] { profile.tables }

  /// That of the alert that it raises.
  public var severity: Severity { profile.severity }

  /// Why it matters.
  public var reason: String { profile.reason }

  /// What to do about it.
  public var advice: String { profile.advice }

  /// All that is known of a kind.
  struct Profile {
    let title: String
    let tables: [TableName]
    let severity: Severity
    let reason: String
    let advice: String

    init(
      _ title: String, in tables: [TableName], as severity: Severity = .warning, _ reason: String,
      _ advice: String
    ) {
      self.title = title
      self.tables = tables
      self.severity = severity
      self.reason = reason
      self.advice = advice
    }
  }
}
