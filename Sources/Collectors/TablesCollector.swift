internal import Churn
internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

extension Collector {
  package static let tables = Collector(
    name: "tables", help: "Collect metrics of tables.", counters: .policies,
    sharedParts: TablesCollector.sharedParts, partsSince: TablesCollector.partsSince)
}

/// `tables`: rules, chains and changes of whole tables, whoever they belong to.
private enum TablesCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
    let part = Part(.totals, from: [state.reading]) { writer in
      writeSizes(state, to: &writer)
      writePolicies(state, to: &writer)
      writeChanges(state, to: &writer)
    }
    return [part]
  }

  static func partsSince(_ earlier: ChurnMark?, _ state: RulesetState) -> [Part] {
    let part = Part { writer in
      writer.gauge(
        "iptables_rule_changes_since_last_scrape",
        "Rules that were added, removed or moved since this scraper's last scrape."
      ) { samples in
        Self.writeScopes(state, since: nil, to: &samples) {
          state.ledger.scopes.changes(since: earlier?.scopes, for: $0)
        }
      }
    }
    return [part]
  }

  private static func writeSizes(_ state: RulesetState, to writer: inout ExpositionWriter) {
    let tables = Self.tables(of: state)
    func writeKinds(_ samples: inout SampleWriter, _ value: (KindCensus.Count) -> Int) {
      for table in tables {
        for (kind, count) in table.census.sorted {
          samples.sample(table.labels, and: LabelSet(["kind": kind]), value(count))
        }
      }
    }
    writer.gauge("iptables_rules", "Rules, by the kind of the chain they stand in.") {
      writeKinds(&$0) { $0.rules }
    }
    writer.gauge("iptables_chains", "Chains, by kind.") { writeKinds(&$0) { $0.chains } }
    writer.gauge("iptables_table_size_bytes", "The table's size in the kernel.") { samples in
      for table in tables {
        if let size = table.snapshot.size { samples.sample(table.labels, size) }
      }
    }
    writer.gauge(
      "iptables_orphan_chains",
      "Service chains that nothing leads to, or only others of them, such as those that kube-proxy "
        + "leaves in large clusters until its next clean-up; they belong to no service port."
    ) { samples in
      for services in state.services where services.gauges.tables.contains(.nat) {
        let nat = TableIdentity(family: services.family, table: .nat)
        samples.sample(nat.labels, services.map.orphanChains)
      }
    }
  }

  private static func writePolicies(_ state: RulesetState, to writer: inout ExpositionWriter) {
    let tables = Self.tables(of: state).filter(\.isFollowed)
    func write(_ samples: inout SampleWriter, _ value: (Counter) -> UInt64) {
      for table in tables {
        let content = table.snapshot.content
        for (chain, counter) in zip(
          content.chains.prefix(content.builtInCount), table.snapshot.policyCounters)
        {
          guard let policy = chain.policy else { continue }
          samples.sample(
            table.labels,
            and: LabelSet(["chain": chain.name.description, "policy": policy.name]),
            value(counter))
        }
      }
    }
    writer.counter(
      "iptables_chain_policy_packets_total",
      "Packets that reached a built-in chain's policy. kube-proxy's syncs restart nat's and "
        + "filter's in the legacy backend."
    ) { write(&$0) { $0.packets } }
    writer.counter(
      "iptables_chain_policy_bytes_total",
      "Bytes of the packets that reached a built-in chain's policy."
    ) { write(&$0) { $0.bytes } }
  }

  private static func writeChanges(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.counter(
      "iptables_rule_changes_total",
      "Rules that were added, removed or moved between readings, by where they stand, since the "
        + "exporter started."
    ) { samples in
      Self.writeScopes(state, since: state.beginning, to: &samples) { state.ledger.scopes[$0] }
    }
    writer.counter(
      "iptables_rules_rewritten_total",
      "Rules that were written again with the same content, in place or moved, by where they stand, "
        + "since the exporter started. " + RewriteLimits.help
    ) { samples in
      for table in state.ledger.tables.sorted() {
        for scope in RuleScope.allCases {
          samples.sample(
            table.labels, and: LabelSet(["scope": scope.rawValue]),
            state.ledger.rewrittenScopes[ChurnLedger.ScopeKey(table: table, part: scope)],
            since: state.beginning)
        }
      }
    }
    writer.counter(
      "iptables_chain_changes_total",
      "Chains that were added or removed between readings, since the exporter started."
    ) { samples in
      for (table, kinds) in Self.knownKinds(state) {
        for kind in kinds {
          let counts = state.ledger.chains[ChurnLedger.KindKey(table: table, part: kind)]
          for change in [Change.added, .removed] {
            samples.sample(
              table.labels, and: LabelSet(["kind": kind, "change": change.rawValue]),
              counts[change], since: state.beginning)
          }
        }
      }
    }
    writer.gauge(
      "iptables_table_last_change_timestamp_seconds",
      "When a reading last differed from the one before; absent before the first such reading."
    ) { samples in
      for (table, time) in state.ledger.lastChanges.sorted(by: { $0.key < $1.key }) {
        samples.sample(table.labels, time.wallClock)
      }
    }
  }

  /// A table that was read.
  private struct ReadTable {
    let key: TableIdentity
    let isFollowed: Bool
    /// Backend, family and table.
    let labels: LabelSet
    let snapshot: TableSnapshot
    let census: KindCensus
  }

  private static func tables(of state: RulesetState) -> [ReadTable] {
    state.readFamilies.flatMap { family, reading in
      reading.snapshot.tables.compactMap { table in
        guard let census = reading.censuses[table.name] else { return nil }
        return ReadTable(
          key: TableIdentity(family: family.family, table: table.name),
          isFollowed: family.isFollowed,
          labels: LabelSet([
            "backend": family.backend.rawValue, "ip_family": family.family.rawValue,
            "table": table.name.rawValue,
          ]),
          snapshot: table, census: census)
      }
    }
  }

  private static func writeScopes(
    _ state: RulesetState, since beginning: Double?, to samples: inout SampleWriter,
    counts: (ChurnLedger.ScopeKey) -> ChangeCounts
  ) {
    for table in state.ledger.tables.sorted() {
      for scope in RuleScope.allCases {
        let counts = counts(ChurnLedger.ScopeKey(table: table, part: scope))
        for change in Change.allCases {
          samples.sample(
            table.labels, and: LabelSet(["scope": scope.rawValue, "change": change.rawValue]),
            counts[change], since: beginning)
        }
      }
    }
  }

  /// For each known table the kinds that its chains are of, or were when they changed.
  private static func knownKinds(
    _ state: RulesetState
  ) -> [(table: TableIdentity, kinds: [String])] {
    var kinds: [TableIdentity: Set<String>] = [:]
    for table in tables(of: state) where table.isFollowed {
      kinds[table.key, default: []].formUnion(table.census.sorted.map(\.kind))
    }
    for key in state.ledger.chains.keys { kinds[key.table, default: []].insert(key.part) }
    return kinds.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
  }
}

extension TableIdentity {
  /// The table's labels, without a backend: churn is counted across backends.
  fileprivate var labels: LabelSet {
    LabelSet(["ip_family": family.rawValue, "table": table.rawValue])
  }
}
