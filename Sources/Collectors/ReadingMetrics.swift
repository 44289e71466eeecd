internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// Whether the rules could be read, where they are, and what reading them cost. Always exported.
enum ReadingMetrics {
  static func write(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.gauge(
      "iptables_up",
      "1 where the last reading of this backend and family succeeded. The log says why one failed."
    ) { samples in
      for family in state.families {
        samples.sample(LabelSet(family), family.reading == nil ? 0 : 1)
      }
    }
    writer.info(
      "iptables_backend_info",
      "Always 1 for each backend that holds rules; kubernetes says whether it holds kube-proxy's."
    ) { samples in
      let holders = state.readFamilies.filter { _, reading in
        reading.snapshot.tables.contains { $0.content.ruleCount > 0 }
      }
      let backends = Dictionary(grouping: holders, by: \.state.backend)
      for (backend, families) in backends.sorted(by: { $0.key < $1.key }) {
        // The kubelet has chains of its own, whoever serves services.
        let isKubernetes = families.contains { $0.state.landmarks.contains(.kubeServices) }
        samples.sample(
          LabelSet([
            "backend": backend.rawValue, "kubernetes": isKubernetes ? "true" : "false",
          ]), 1)
      }
    }
    writer.gauge(
      "iptables_mixed_backends",
      "1 where both backends hold KUBE-* chains, as on a node that was switched from one to the other "
        + "and not cleaned. Service ports are exported from the one that kube-proxy uses."
    ) { $0.sample(.none, state.hasMixedBackends ? 1 : 0) }
    writer.info(
      "iptables_kube_proxy_mode_info",
      "Always 1; mode says how kube-proxy serves services here: iptables, ipvs, nftables, or none. "
        + "Rules for services in the modes ipvs and nftables are left over."
    ) { $0.sample(LabelSet(["mode": state.mode.rawValue]), 1) }
    if let transactions = state.source.transactions {
      write(transactions, since: state.beginning, to: &writer)
    }
    writer.gauge(
      "iptables_reading_duration_seconds",
      "How long it took to read, interpret and compare the rules. Scrapes at the same time share one "
        + "reading."
    ) { $0.sample(.none, state.reading.duration) }
    writer.counter(
      "iptables_readings_total", "Readings of the rules since the exporter started."
    ) { $0.sample(.none, state.reading.number, since: state.beginning) }
    writer.counter(
      "iptables_watch_readings_total",
      "Readings of the rules that no scrape asked for (--watch-interval) since the exporter started."
    ) { $0.sample(.none, state.reading.unasked, since: state.beginning) }
  }

  private static func write(
    _ transactions: TransactionCounts, since beginning: Double?, to writer: inout ExpositionWriter
  ) {
    writer.counter(
      "iptables_nft_transactions_total",
      "Transactions of nf_tables that were announced, of whatever table, by the name of the process "
        + "that committed them; those of many more processes as other."
    ) { samples in
      for (process, count) in transactions.byProcess.sorted(by: { $0.key < $1.key }) {
        samples.sample(LabelSet(["process": process]), count, since: beginning)
      }
    }
    writer.counter(
      "iptables_nft_event_overruns_total",
      "How often announcements of nf_tables were lost because they came faster than they were taken; "
        + "the transactions of these times are not counted. What they changed is read all the same."
    ) { $0.sample(.none, transactions.overruns, since: beginning) }
  }
}
