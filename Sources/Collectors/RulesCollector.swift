internal import Exposition
internal import IPTablesSource
internal import Netfilter
internal import Tracking

extension Collector {
  package static let rules = Collector(
    name: "rules", help: "Collect the packets and bytes of every rule.", isOnByDefault: false,
    counters: .rules, subject: .rules, isComplete: { $0.rulePatternFailure == nil },
    sharedParts: RulesCollector.sharedParts)
}

/// `rules`: what each rule has counted, whoever it belongs to.
private enum RulesCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
    let counts = state.readFamilies.compactMap { $0.reading.rules }
    let versions = counts.map(\.version)
    return [
      Part(.packets, from: versions) { writer in
        writer.counter(
          "iptables_rule_packets_total",
          "Packets that the rule matched, equal rules of a chain summed. " + Self.limits
        ) { Self.write(counts, to: &$0) { $0.packets } }
      },
      Part(.bytes, from: versions) { writer in
        writer.counter(
          "iptables_rule_bytes_total",
          "Bytes of the packets that the rule matched, equal rules of a chain summed. "
            + Self.limits
        ) { Self.write(counts, to: &$0) { $0.bytes } }
      },
      Part(.omitted, from: versions) { writeOmitted(state, to: &$0) },
    ]
  }

  private static func write(
    _ counts: [RuleTotals.Counts], to samples: inout SampleWriter, value: (Counter) -> UInt64
  ) {
    for series in counts.lazy.flatMap(\.tables) {
      // Spans, so that nothing is retained while it is written.
      let chains = series.chains.span
      let entries = series.entries.span
      let totals = series.totals.span
      for index in entries.indices {
        samples.sample(
          chains[Int(entries[index].chain)], and: entries[index].labels, value(totals[index]))
      }
    }
  }

  private static func writeOmitted(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.gauge(
      "iptables_rules_omitted",
      "Rules without series of their own, by reason: --rules.limit, or --rules.comment, --rules.table "
        + "and --rules.chain (pattern)."
    ) { samples in
      for (family, reading) in state.readFamilies {
        guard let counts = reading.rules else { continue }
        samples.omitted(
          LabelSet(family),
          byLimit: counts.tables.reduce(0) { $0 + $1.omittedByLimit },
          byPattern: counts.tables.reduce(0) { $0 + $1.omittedByPattern })
      }
    }
  }

  private static let limits =
    "Never falls when a rule is written again; what came between the last reading and such a restart "
    + "of the kernel's counter is not in it."
}
