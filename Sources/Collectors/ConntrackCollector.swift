internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Tracking

extension Collector {
  package static let conntrack = Collector(
    name: "conntrack",
    help: "Collect the connection table's counters, and connections that rules no longer explain.",
    counters: .conntrack, isComplete: ConntrackCollector.isComplete,
    sharedParts: ConntrackCollector.sharedParts)
}

/// `conntrack`: the connection table, and connections in it that go where no rule of their service port leads.
private enum ConntrackCollector {
  static func isComplete(in state: RulesetState) -> Bool {
    if case .failed = state.source.conntrack { return false }
    return state.connections?.failure == nil && state.servicePatternFailure == nil
  }

  static func sharedParts(of state: RulesetState) -> [Part] {
    var parts = [Part(.gauges, from: [state.reading]) { write(state.source.conntrack, to: &$0) }]
    if let report = state.connections, report.failure == nil {
      let origin: [any AnyObject & Sendable] = [report] + state.services.map(\.selected)
      parts.append(Part(.totals, from: origin) { Self.write(report, state, to: &$0) })
    }
    return parts
  }

  private static func write(_ reading: ConntrackReading?, to writer: inout ExpositionWriter) {
    let statistics: ConntrackStatistics?
    switch reading {
    case .read(let found): statistics = found
    case .absent, .unknown: statistics = nil
    case .failed, nil: return
    }
    writer.gauge(
      "iptables_conntrack_readable",
      "1 if the connection table can be read. 0 if the kernel has not loaded nf_conntrack_netlink, or "
        + "does not show whether it has: reading must not load it. Absent if reading failed."
    ) { $0.sample(.none, statistics == nil ? 0 : 1) }
    guard let statistics else { return }
    writer.gauge(
      "iptables_conntrack_entries", "Connections in the connection table of this network namespace."
    ) { $0.sample(.none, statistics.entries) }
    if let limit = statistics.limit {
      writer.gauge(
        "iptables_conntrack_entries_limit",
        "The most connections that fit into the table (net.netfilter.nf_conntrack_max)."
      ) { $0.sample(.none, limit) }
    }
    writer.counter(
      "iptables_conntrack_events_total",
      "What happened to packets and entries of the connection table, summed over processors: the counters "
        + "of conntrack -S."
    ) { samples in
      for event in ConntrackStatistics.Event.allCases {
        samples.sample(LabelSet(["event": event.rawValue]), statistics[event])
      }
    }
  }

  private static func write(
    _ report: ConnectionReport, _ state: RulesetState, to writer: inout ExpositionWriter
  ) {
    writer.gauge(
      "iptables_stale_connections",
      "Connections to service ports whose endpoint is none of those that the rules lead to now, at the "
        + "last dump of the connection table. By state: unreplied, or replied where an answer was ever seen."
    ) { samples in
      for family in report.families {
        let total = family.total
        samples.sample(LabelSet(family.family), and: .unreplied, total.unreplied)
        samples.sample(LabelSet(family.family), and: .replied, total.replied)
      }
    }
    writer.gauge(
      "iptables_service_stale_connections",
      "The same by service port, of those that have any."
    ) { samples in
      forEachStale(report, state) { labels, counts in
        samples.sample(labels, and: .unreplied, counts.unreplied)
        samples.sample(labels, and: .replied, counts.replied)
      }
    }
    writer.gauge(
      "iptables_service_blackholed_connections",
      "Stale connections that carried packets between the last two dumps, and got no answer: traffic that "
        + "goes nowhere. Of service ports that have stale connections."
    ) { samples in
      forEachStale(report, state) { samples.sample($0, $1.blackholed) }
    }
    guard report.families.contains(where: { !$0.endpoints.isEmpty }) else { return }
    writer.gauge(
      "iptables_endpoint_tracked_connections",
      "Connections of the endpoint in the connection table, at its last dump."
    ) { samples in
      forEachSelected(report, state) { labels, port, family in
        for (endpoint, count) in family.endpoints[port] ?? [] {
          samples.sample(labels, and: LabelSet(["endpoint": endpoint]), count)
        }
      }
    }
  }

  private static func forEachStale(
    _ report: ConnectionReport, _ state: RulesetState, _ body: (LabelSet, StaleCounts) -> Void
  ) {
    forEachSelected(report, state) { labels, port, family in
      if let counts = family.stale[port] { body(labels, counts) }
    }
  }

  /// Calls `body` with each selected service port's labels, and what the report has of its family.
  private static func forEachSelected(
    _ report: ConnectionReport, _ state: RulesetState,
    _ body: (LabelSet, ServicePort, ConnectionReport.Family) -> Void
  ) {
    state.forEachSelected { labels, index, services in
      let family = report.families.first { $0.family == services.family }
      if let family { body(labels, services.map.services[index].port, family) }
    }
  }
}

extension LabelSet {
  fileprivate static let unreplied = LabelSet(["state": "unreplied"])
  fileprivate static let replied = LabelSet(["state": "replied"])
}
