internal import Exposition
internal import Netfilter

extension TablesCollector {
  static let censusFamilies: [(MetricFamily, @Sendable (KindCensus.Count) -> Int)] = [
    (
      MetricFamily("iptables_rules", .gauge, "Rules, by the kind of the chain they stand in."),
      { $0.rules }
    ),
    (MetricFamily("iptables_chains", .gauge, "Chains, by kind."), { $0.chains }),
  ]

  static let tableSize = MetricFamily(
    "iptables_table_size_bytes", .gauge, "The table's size in the kernel.")

  static let orphanChains = MetricFamily(
    "iptables_orphan_chains", .gauge,
    "Service chains that nothing leads to, or only others of them, such as those that kube-proxy "
      + "leaves in large clusters until its next clean-up; they belong to no service port.")

  static let policyCounters: [(MetricFamily, @Sendable (Counter) -> UInt64)] = [
    (
      MetricFamily(
        "iptables_chain_policy_packets_total", .counter,
        "Packets that reached a built-in chain's policy. kube-proxy's syncs restart nat's and "
          + "filter's in the legacy backend."),
      { $0.packets }
    ),
    (
      MetricFamily(
        "iptables_chain_policy_bytes_total", .counter,
        "Bytes of the packets that reached a built-in chain's policy."),
      { $0.bytes }
    ),
  ]

  static let ruleChanges = MetricFamily(
    "iptables_rule_changes_total", .counter,
    "Rules that were added, removed or moved between readings, by where they stand, since the "
      + "exporter started.")

  static let rulesRewritten = MetricFamily(
    "iptables_rules_rewritten_total", .counter,
    "Rules that were written again with the same content, in place or moved, by where they stand, "
      + "since the exporter started. " + RewriteLedger.limits)

  static let ruleChangesSince = MetricFamily(
    "iptables_rule_changes_since_last_scrape", .gauge,
    "Rules that were added, removed or moved since this scraper's last scrape.")

  static let chainChanges = MetricFamily(
    "iptables_chain_changes_total", .counter,
    "Chains that were added or removed between readings, since the exporter started.")

  static let lastChange = MetricFamily(
    "iptables_table_last_change_timestamp_seconds", .gauge,
    "When a reading last differed from the one before; absent before the first such reading.")
}
