internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// Whether the rules could be read, where they are, and what reading them cost. Always exported.
struct ReadingMetrics {
  func write(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.up) { samples in
      for family in state.families {
        samples.sample(
          LabelSet(["backend": family.backend.rawValue, "ip_family": family.family.rawValue]),
          family.reading == nil ? 0 : 1)
      }
    }
    writer.write(Self.backendInfo) { samples in
      for (backend, isKubernetes) in Self.backends(of: state).sorted(by: { $0.key < $1.key }) {
        samples.sample(
          LabelSet([
            "backend": backend.rawValue, "kubernetes": isKubernetes ? "true" : "false",
          ]), 1)
      }
    }
    writer.write(Self.mixedBackends) { $0.sample(.none, state.hasMixedBackends ? 1 : 0) }
    writer.write(Self.modeInfo) { $0.sample(LabelSet(["mode": state.mode.rawValue]), 1) }
    writeTransactions(state, to: &writer)
    writer.write(Self.duration) { $0.sample(.none, state.reading.duration) }
    writer.write(Self.readings) { $0.sample(.none, state.reading.number) }
    writer.write(Self.watchReadings) { $0.sample(.none, state.reading.unasked) }
  }

  private func writeTransactions(_ state: RulesetState, to writer: inout ExpositionWriter) {
    guard let transactions = state.transactions else { return }
    writer.write(Self.transactions) { samples in
      for (process, count) in transactions.byProcess.sorted(by: { $0.key < $1.key }) {
        samples.sample(LabelSet(["process": process]), count)
      }
    }
    writer.write(Self.overruns) { $0.sample(.none, transactions.overruns) }
  }

  /// The backends that hold rules, and whether kube-proxy's are among them.
  private static func backends(of state: RulesetState) -> [Backend: Bool] {
    var backends: [Backend: Bool] = [:]
    for (family, reading) in state.readFamilies {
      guard reading.snapshot.tables.contains(where: { $0.content.ruleCount > 0 }) else { continue }
      // The kubelet has chains of its own, whoever serves services.
      let isKubernetes = family.landmarks.contains(.kubeServices)
      backends[family.backend] = backends[family.backend] ?? false || isKubernetes
    }
    return backends
  }
}

extension ReadingMetrics {
  static let up = MetricFamily(
    "iptables_up", .gauge,
    "1 where the last reading of this backend and family succeeded. The log says why one failed.")

  static let backendInfo = MetricFamily(
    "iptables_backend_info", .gauge,
    "Always 1 for each backend that holds rules; kubernetes says whether it holds kube-proxy's.")

  static let mixedBackends = MetricFamily(
    "iptables_mixed_backends", .gauge,
    "1 where both backends hold KUBE-* chains, as on a node that was switched from one to the other "
      + "and not cleaned. Service ports are exported from the one that kube-proxy uses.")

  static let modeInfo = MetricFamily(
    "iptables_kube_proxy_mode_info", .gauge,
    "Always 1; mode says how kube-proxy serves services here: iptables, ipvs, nftables, or none. "
      + "Rules for services in the modes ipvs and nftables are left over.")

  static let transactions = MetricFamily(
    "iptables_nft_transactions_total", .counter,
    "Transactions of nf_tables that were announced, of whatever table, by the name of the process "
      + "that committed them; those of many more processes as other.")

  static let overruns = MetricFamily(
    "iptables_nft_event_overruns_total", .counter,
    "How often announcements of nf_tables were lost because they came faster than they were taken; "
      + "the transactions of these times are not counted. What they changed is read all the same.")

  static let duration = MetricFamily(
    "iptables_reading_duration_seconds", .gauge,
    "How long it took to read, interpret and compare the rules. Scrapes at the same time share one "
      + "reading.")

  static let readings = MetricFamily(
    "iptables_readings_total", .counter, "Readings of the rules since the exporter started.")

  static let watchReadings = MetricFamily(
    "iptables_watch_readings_total", .counter,
    "Readings of the rules that no scrape asked for (--watch-interval) since the exporter started.")
}
