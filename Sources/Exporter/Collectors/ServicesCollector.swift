internal import Churn
internal import Exposition
internal import KubeProxy
internal import Netfilter

/// `services`: what the rules hold for each service port.
struct ServicesCollector: Collector {
  func writeShared(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writeGauges(state, to: &writer)
    writeBlocked(state, to: &writer)
    writer.write(Self.ruleChanges) { samples in
      Self.forEach(state) { reading, position, _ in
        let changes = reading.selected.changes[position]
        for change in Change.allCases {
          samples.sample(
            reading.selected.labels[position], and: Self.changeLabels[change] ?? .none,
            changes[change])
        }
      }
    }
    writer.write(Self.connections) { samples in
      Self.forEach(state) { reading, position, index in
        samples.sample(reading.selected.labels[position], reading.connections[index])
      }
    }
    writeTotals(state, to: &writer)
  }

  func writeSince(
    _ earlier: ChurnLedger?, _ state: RulesetState, to writer: inout ExpositionWriter
  ) {
    // Without a change in between, which is nearly always, there is nothing to look up.
    let changed = earlier.flatMap { $0.revision == state.ledger.revision ? nil : $0 }
    writer.write(Self.movedSinceLastScrape) { samples in
      for (family, reading) in state.serviceFamilies {
        for (position, index) in reading.selected.indices.enumerated() {
          var moved: UInt64 = 0
          if let changed {
            let key = ChurnLedger.ServiceKey(
              family: family.family, port: reading.map.services[index].port)
            moved = state.ledger.services.changes(since: changed.services, for: key).moved
          }
          samples.sample(reading.selected.labels[position], moved)
        }
      }
    }
  }

  /// Calls `body` for each selected service port, with its position among the selected and its index
  /// in the map.
  private static func forEach(
    _ state: RulesetState, _ body: (FamilyState.Reading, Int, Int) -> Void
  ) {
    for (_, reading) in state.serviceFamilies {
      for (position, index) in reading.selected.indices.enumerated() {
        body(reading, position, index)
      }
    }
  }

  private func writeGauges(_ state: RulesetState, to writer: inout ExpositionWriter) {
    for (family, value) in Self.gauges {
      writer.write(family) { samples in
        Self.forEach(state) { reading, position, index in
          samples.sample(
            reading.selected.labels[position], value(reading.map.services[index]))
        }
      }
    }
    writer.write(Self.rules) { samples in
      Self.forEach(state) { reading, position, index in
        let service = reading.map.services[index]
        let labels = reading.selected.labels[position]
        if reading.snapshot.table(.filter) != nil {
          samples.sample(labels, and: Self.filterLabels, service.filterRules)
        }
        if reading.snapshot.table(.nat) != nil {
          samples.sample(labels, and: Self.natLabels, service.natRules)
        }
      }
    }
  }

  private func writeBlocked(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.blocked) { samples in
      Self.forEach(state) { reading, position, index in
        let service = reading.map.services[index]
        if service.blocked.isEmpty { return }
        for reason in BlockReason.allCases where service.blocked.contains(reason) {
          samples.sample(
            reading.selected.labels[position], and: LabelSet(["reason": reason.rawValue]), 1)
        }
      }
    }
  }

  private func writeTotals(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.servicePorts) { samples in
      for (family, reading) in state.serviceFamilies {
        samples.sample(
          LabelSet(["ip_family": family.family.rawValue]), reading.map.services.count)
      }
    }
    writer.write(Self.omitted) { samples in
      for (family, reading) in state.serviceFamilies {
        let labels = LabelSet(["ip_family": family.family.rawValue])
        samples.sample(labels, and: LabelSet(["reason": "limit"]), reading.selected.omittedByLimit)
        samples.sample(
          labels, and: LabelSet(["reason": "pattern"]), reading.selected.omittedByPattern)
      }
    }
    writer.write(Self.unnamed) { samples in
      for (family, reading) in state.serviceFamilies {
        samples.sample(
          LabelSet(["ip_family": family.family.rawValue]), reading.map.unnamedChains)
      }
    }
  }

  private static let natLabels = LabelSet(["table": "nat"])
  private static let filterLabels = LabelSet(["table": "filter"])
  private static let changeLabels = Dictionary(
    uniqueKeysWithValues: Change.allCases.map { ($0, LabelSet(["change": $0.rawValue])) })
}
