public import Netfilter

/// A kind of fault in the rules of kube-proxy or the kubelet; the raw value is the metric's label.
public enum Anomaly: String, Sendable, Hashable, CaseIterable {
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
  /// A table lacks a chain by which kube-proxy or the kubelet notices a flush, and other tables have it.
  case canaryMissing = "canary_missing"
  /// KUBE-FIREWALL drops whatever comes to it.
  case unguardedDrop = "unguarded_drop"
  /// Rules for services, and kube-proxy is in a mode in which it doesn't use or update them.
  case ghostRules = "ghost_rules"

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
    case .orphanChain, .duplicateRule, .hookJumpDuplicated: .info
    case .endpointMismatch, .serviceIntercepted, .unguardedDrop: .critical
    default: .warning
    }
  }

  /// The tables in which it can occur.
  public var tables: [TableName] {
    switch self {
    case .endpointMismatch, .commentMismatch, .orphanChain, .serviceWithoutEndpoint, .emptyChain,
      .nodePortConflict, .unequalShares, .nodePortJumpNotLast, .hookJumpUnreached,
      .serviceIntercepted:
      [.nat]
    case .serviceTrafficDropped: [.filter, .mangle, .security]
    case .duplicateRule, .hookJumpMissing, .hookJumpDuplicated, .ghostRules: [.filter, .nat]
    case .canaryMissing: [.filter, .mangle, .nat]
    case .unguardedDrop: [.filter]
    }
  }
}

/// What people read of each kind.
extension Anomaly {
  /// In a few words, what is wrong.
  public var title: String {
    switch self {
    case .hookJumpUnreached: "a jump to kube-proxy's chain that no packet comes to"
    case .serviceTrafficDropped: "a rule or a policy that drops what goes to services"
    case .serviceIntercepted: "a rule that takes a service's packets before kube-proxy's do"
    case .endpointMismatch: "an endpoint's chain leads to another destination than its name says"
    case .commentMismatch: "a service chain's comments name another service port than its name does"
    case .orphanChain: "a service chain that nothing leads to"
    case .serviceWithoutEndpoint: "a service chain that leads to no endpoint"
    case .emptyChain: "a jump to a service chain that has no rules"
    case .nodePortConflict: "one NodePort that is dispatched to two service ports"
    case .duplicateRule: "a rule that stands in its chain twice"
    case .unequalShares: "endpoints that don't get equal shares"
    case .nodePortJumpNotLast: "rules behind the jump to KUBE-NODEPORTS"
    case .hookJumpMissing: "a built-in chain that doesn't lead to kube-proxy's"
    case .hookJumpDuplicated: "a built-in chain that leads to one of kube-proxy's twice"
    case .canaryMissing: "a table without the canary chains that other tables have"
    case .unguardedDrop: "a DROP in KUBE-FIREWALL that nothing guards"
    case .ghostRules: "rules for services that kube-proxy no longer uses"
    }
  }

  /// Why it matters.
  public var reason: String {
    switch self {
    case .hookJumpUnreached:
      "The rule before the jump accepts, drops or sends away every packet. kube-proxy's rules are all "
        + "there, and none of them is asked."
    case .serviceTrafficDropped:
      "Packets are translated to an endpoint and then thrown away: clients wait until they give up, or "
        + "get an ICMP error. A FORWARD chain with the policy DROP, as Docker sets it, does so unless a rule "
        + "accepts the pods' network."
    case .serviceIntercepted:
      "Connections to the service go elsewhere, or nowhere. Nothing that kube-proxy writes does that."
    case .endpointMismatch:
      "The name is the hash of the service port and the endpoint, so kube-proxy did not write this. "
        + "Connections to the service go where somebody else sends them."
    case .commentMismatch:
      "The name is a hash, which can't be made to fit, so the comment is wrong: whoever reads these "
        + "rules, person or program, takes one service for another."
    case .orphanChain:
      "No traffic comes to it, so it does no harm but takes room. With more than 1,000 endpoints "
        + "kube-proxy leaves such chains for a while, at most about an hour; older ones are not its own."
    case .serviceWithoutEndpoint:
      "A service port without endpoints has no such chain, but a REJECT. Connections that come here are "
        + "not translated: clients wait until they give up."
    case .emptyChain:
      "The packet returns and goes on as if nothing had matched. Connections are not translated: "
        + "clients wait until they give up."
    case .nodePortConflict:
      "A NodePort is one service port's in the whole cluster. The first rule gets everything, the other "
        + "service can't be reached there."
    case .duplicateRule:
      "The second of two equal rules does nothing, or does it again. A duplicated endpoint gets another's "
        + "share; and whoever adds rules that are there already may go on until the table is full."
    case .unequalShares:
      "kube-proxy gives all endpoints of a chain the same share. Here some get more, and may be "
        + "overloaded."
    case .nodePortJumpNotLast:
      "KUBE-NODEPORTS sees what is for the node's own addresses. A rule behind the jump never sees what "
        + "a NodePort takes."
    case .hookJumpMissing:
      "Packets on this path don't come to kube-proxy's rules: what they do for services (dispatch, "
        + "masquerade, accept) doesn't happen."
    case .hookJumpDuplicated:
      "Packets that nothing takes the first time go through all of kube-proxy's rules again; and it "
        + "shows that somebody adds rules without looking."
    case .canaryMissing:
      "Somebody flushed the table, or restored it from a file: what else was in it may be gone as well. "
        + "kube-proxy and the kubelet look for these chains to notice, and write their rules anew."
    case .unguardedDrop:
      "All packets that come to KUBE-FIREWALL are dropped, which is all that the node sends and receives. "
        + "iptables programs of different versions are known to lose the mark match of this rule."
    case .ghostRules:
      "kube-proxy serves services by IPVS or nf_tables' table kube-proxy, and nobody updates these rules. "
        + "Packets still meet them: connections go to endpoints that are gone, or are rejected though "
        + "the service has endpoints now."
    }
  }

  /// What to do about it.
  public var advice: String {
    switch self {
    case .hookJumpUnreached:
      "Move the rule behind the jump, or restrict it to the packets that it is meant for. "
        + "kube-iptables-exporter explain shows the way of a packet."
    case .serviceTrafficDropped:
      "See who wrote the rule or set the policy, such as Docker or a firewall, and accept the pods' "
        + "network before it: most CNI plugins do so when they are restarted. kube-iptables-exporter "
        + "explain shows the way of a packet."
    case .serviceIntercepted:
      "Find out who wrote the rule, and treat it as tampering until you know. kube-iptables-exporter "
        + "explain shows where the packets go."
    case .endpointMismatch:
      "Find out who changed the rule and treat it as tampering until you know. Restarting kube-proxy "
        + "writes the rules anew."
    case .commentMismatch, .unequalShares:
      "Find out who edited the rules. Restarting kube-proxy writes them anew."
    case .orphanChain:
      "Wait for kube-proxy's next full sync; if they stay, look for errors of iptables-restore in its log."
    case .serviceWithoutEndpoint, .emptyChain:
      "Compare with the service's EndpointSlices, and look for errors of iptables-restore in "
        + "kube-proxy's log. Restarting it writes the rules anew."
    case .nodePortConflict:
      "See whose the NodePort is (kubectl get services -A), and remove the other's rule, or restart "
        + "kube-proxy."
    case .duplicateRule:
      "Harmless where a service names an address twice. Else see who adds it, and that all who write "
        + "rules on the node use the same version and backend of iptables."
    case .nodePortJumpNotLast:
      "Find out who appends to KUBE-SERVICES: rules of one's own belong before it, in a built-in chain."
    case .hookJumpMissing:
      "kube-proxy puts it back at its next sync; see who removes it, such as a firewall's reload. "
        + "Restarting kube-proxy restores it at once."
    case .hookJumpDuplicated:
      "Delete one of the two (iptables -D deletes the first), and see who adds it."
    case .canaryMissing:
      "See what flushed the table, such as a firewall's reload. kube-proxy and the kubelet should have "
        + "noticed within a minute; if not, restart them."
    case .unguardedDrop:
      "Delete the rule (iptables -D KUBE-FIREWALL with its number), and see that the kubelet, kube-proxy "
        + "and the node use the same version and backend of iptables."
    case .ghostRules:
      "Remove what the former mode left: run kube-proxy --cleanup and restart kube-proxy, or drain and "
        + "reboot the node. If kube-proxy is in iptables mode again, the interface kube-ipvs0 or the "
        + "table kube-proxy is what is left over: delete that."
    }
  }
}
