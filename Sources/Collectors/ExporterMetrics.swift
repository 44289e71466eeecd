internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform
internal import Tracking

/// How the scrape went, and who served it.
enum ExporterMetrics {
  /// What a collector's part of a scrape came to.
  struct Outcome {
    let collector: Collector
    let isSuccess: Bool
    /// In seconds.
    let duration: Double

    var labels: LabelSet { LabelSet(["collector": collector.name]) }
  }

  static func write(
    _ outcomes: [Outcome], _ options: ExporterOptions, to writer: inout ExpositionWriter
  ) {
    writer.gauge(
      "iptables_scrape_collector_duration_seconds",
      "How long the collector's part of the scrape took; the reading itself is in "
        + "iptables_reading_duration_seconds."
    ) { samples in for outcome in outcomes { samples.sample(outcome.labels, outcome.duration) } }
    writer.gauge(
      "iptables_scrape_collector_success", "1 where the collector had all it needed."
    ) { samples in
      for outcome in outcomes { samples.sample(outcome.labels, outcome.isSuccess ? 1 : 0) }
    }
    writer.info(
      "iptables_exporter_build_info", "Always 1; the labels tell what this binary is."
    ) { samples in
      samples.sample(
        LabelSet([
          "version": options.build.version, "revision": options.build.revision,
          "swiftversion": options.build.swiftVersion,
        ]), 1)
    }
    if options.exportsProcess {
      ProcessMetrics.write(to: &writer, withBeginning: options.exportsBeginnings)
    }
  }
}

/// The standard process metrics, from /proc/self; what can't be read is left out.
private enum ProcessMetrics {
  /// - Parameter isWithBeginning: Whether to say when the process began to use processor time.
  static func write(to writer: inout ExpositionWriter, withBeginning isWithBeginning: Bool) {
    let fields = statFields
    let ticks = Double(ProcessLimits.clockTicks)
    // Numbered as in proc(5), where the third is the first behind the name.
    func field(_ number: Int) -> Int? {
      fields.indices.contains(number - 3) ? fields[number - 3] : nil
    }
    func gauge(_ name: String, _ help: String, _ value: Int?) {
      if let value { writer.gauge(name, help) { $0.sample(.none, value) } }
    }
    let startTime = field(22).flatMap { start in bootTime.map { $0 + Double(start) / ticks } }
    writer.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
    { samples in
      if let user = field(14), let system = field(15) {
        samples.sample(
          .none, Double(user + system) / ticks, since: isWithBeginning ? startTime : nil)
      }
    }
    gauge("process_max_fds", "Maximum number of open file descriptors.", ProcessLimits.openFiles)
    gauge("process_open_fds", "Number of open file descriptors.", ProcessLimits.openFileCount)
    gauge(
      "process_resident_memory_bytes", "Resident memory size in bytes.",
      field(24).map { $0 * ProcessLimits.pageSize })
    writer.gauge(
      "process_start_time_seconds", "Start time of the process since unix epoch in seconds."
    ) { samples in
      if let startTime { samples.sample(.none, startTime) }
    }
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", field(23))
  }

  /// The numbers of /proc/self/stat from the third field on; the letter there is left as 0.
  private static var statFields: [Int] {
    guard let text = FileBytes.text("/proc/self/stat"), let end = text.lastIndex(of: ")") else {
      return []
    }
    return text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
  }

  /// When the machine started, in seconds since 1970.
  private static var bootTime: Double? {
    let line = FileBytes.text("/proc/stat")?.split(separator: "\n").first {
      $0.hasPrefix("btime ")
    }
    return line.flatMap { Double($0.dropFirst("btime ".count)) }
  }
}

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
