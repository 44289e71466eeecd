internal import Exposition
internal import KubeProxy

extension ServicesCollector {
  static let gauges: [(MetricFamily, @Sendable (Service) -> Int)] = [
    (sepChains, { $0.sepChains }),
    (dnatTargets, { $0.dnatTargets }),
    (nodePortRules, { $0.nodePortRules }),
  ]

  private static let sepChains = MetricFamily(
    "iptables_service_sep_chains", .gauge,
    "Distinct KUBE-SEP chains that the service port's chains jump to.")

  private static let dnatTargets = MetricFamily(
    "iptables_service_dnat_targets", .gauge,
    "Distinct DNAT destinations in the service port's KUBE-SEP chains.")

  private static let nodePortRules = MetricFamily(
    "iptables_service_nodeport_rules", .gauge,
    "Rules in nat's KUBE-NODEPORTS for the service port.")

  static let rules = MetricFamily(
    "iptables_service_rules", .gauge, "Rules of the service port in the table.")

  static let blocked = MetricFamily(
    "iptables_service_blocked", .gauge,
    "1 for a service port whose traffic the rules reject (no_endpoints) or drop "
      + "(no_local_endpoints).")

  static let ruleChanges = MetricFamily(
    "iptables_service_rule_changes_total", .counter,
    "Rules of the service port in nat that were added, removed or moved between readings, since "
      + "the exporter started.")

  static let movedSinceLastScrape = MetricFamily(
    "iptables_service_rules_moved_since_last_scrape", .gauge,
    "Reorder churn: rules of the service port in nat that moved since this scraper's last scrape.")

  static let rulesRewritten = MetricFamily(
    "iptables_service_rules_rewritten_total", .counter,
    "Rules of the service port in nat that were written again with the same content, in place or "
      + "moved, since the exporter started. " + RewriteLedger.limits)

  static let fingerprint = MetricFamily(
    "iptables_service_map_fingerprint", .gauge,
    "A number over the service ports with their cluster IPs, node ports and cluster-policy endpoints: "
      + "equal on all nodes that are in step, and nothing that is local to a node is in it.")

  static let hookJumpPosition = MetricFamily(
    "iptables_hook_jump_position", .gauge,
    "The position in the built-in chain of the first jump to KUBE-SERVICES: 1 is first, 0 is missing. "
      + "For tables that have a chain KUBE-SERVICES.")

  static let servicePorts = MetricFamily(
    "iptables_services", .gauge,
    "Service ports found, those without series of their own included.")

  static let omitted = MetricFamily(
    "iptables_services_omitted", .gauge,
    "Service ports without series of their own, by reason: --services.limit, or "
      + "--services.include and --services.exclude (pattern).")

  static let unnamed = MetricFamily(
    "iptables_services_unnamed", .gauge,
    "Service chains that are dispatched to by no rule whose comment the chain's hash confirms; "
      + "they belong to no service port.")
}
