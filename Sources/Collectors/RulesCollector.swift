internal import Exposition
internal import IPTablesSource
internal import Netfilter
internal import Platform
internal import Tracking

extension CollectorName {
  package static let rules = CollectorName(
    "rules", "Collect the packets and bytes of every rule.", isOnByDefault: false,
    counters: .rules, subjects: .rules, RulesCollector())
}

/// `rules`: what each rule has counted, whoever it belongs to.
struct RulesCollector: Collector {
  func patternFailure(in state: RulesetState) -> MatchingError? { state.rulePatternFailure }

  func sharedParts(of state: RulesetState) -> [Part] {
    let counts = state.readFamilies.compactMap { $0.reading.rules }
    let versions = counts.map(\.version)
    return [
      Part(.packets, from: versions) { writer in
        write(Self.packets, counts, to: &writer) { $0.packets }
      },
      Part(.bytes, from: versions) { writer in
        write(Self.bytes, counts, to: &writer) { $0.bytes }
      },
      Part(.omitted, from: versions) { writeOmitted(state, to: &$0) },
    ]
  }

  private func write(
    _ family: MetricFamily, _ counts: [RuleTotals.Counts], to writer: inout ExpositionWriter,
    value: (Counter) -> UInt64
  ) {
    writer.write(family) { samples in
      for series in counts.lazy.flatMap(\.tables) {
        // Spans, for nothing needs to be retained to be written.
        let chains = series.chains.span
        let entries = series.entries.span
        let totals = series.totals.span
        for index in entries.indices {
          samples.sample(
            chains[Int(entries[index].chain)], and: entries[index].labels, value(totals[index]))
        }
      }
    }
  }

  private func writeOmitted(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.omitted) { samples in
      for (family, reading) in state.readFamilies {
        guard let counts = reading.rules else { continue }
        let labels = LabelSet([
          "backend": family.backend.rawValue, "ip_family": family.family.rawValue,
        ])
        samples.sample(
          labels, and: LabelSet(["reason": "limit"]),
          counts.tables.reduce(0) { $0 + $1.omittedByLimit })
        samples.sample(
          labels, and: LabelSet(["reason": "pattern"]),
          counts.tables.reduce(0) { $0 + $1.omittedByPattern })
      }
    }
  }

  private static let packets = MetricFamily(
    "iptables_rule_packets_total", .counter,
    "Packets that the rule matched, equal rules of a chain summed. " + limits)

  private static let bytes = MetricFamily(
    "iptables_rule_bytes_total", .counter,
    "Bytes of the packets that the rule matched, equal rules of a chain summed. " + limits)

  private static let omitted = MetricFamily(
    "iptables_rules_omitted", .gauge,
    "Rules without series of their own, by reason: --rules.limit, or --rules.comment, --rules.table "
      + "and --rules.chain (pattern).")

  private static let limits =
    "Never falls when a rule is written again; what came between the last reading and such a restart "
    + "of the kernel's counter is not in it."
}
