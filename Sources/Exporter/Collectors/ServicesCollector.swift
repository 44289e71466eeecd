internal import Churn
internal import Exposition
internal import KubeProxy
internal import Netfilter

/// `services`: what the rules hold for each service port.
struct ServicesCollector: Collector {
  func sharedParts(of state: RulesetState) -> [SharedPart] {
    [
      SharedPart(revision: Self.revision(of: state, \.gaugesRevision)) { writer in
        writeGauges(state, to: &writer)
        writeBlocked(state, to: &writer)
      },
      SharedPart(revision: Self.revision(of: state, \.countsRevision)) { writer in
        writeCounts(state, to: &writer)
      },
      SharedPart(revision: [state.reading.number]) { writeTotals(state, to: &$0) },
    ]
  }

  /// The revisions of all families, each told by its number.
  private static func revision(
    of state: RulesetState, _ revision: KeyPath<ServiceState, UInt64>
  ) -> [UInt64] {
    state.services.flatMap { [$0.family == .ipv4 ? 4 : 6, $0[keyPath: revision]] }
  }

  private func writeCounts(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.ruleChanges) { samples in
      Self.forEach(state) { services, position, _ in
        let changes = services.selected.changes[position]
        for change in Change.allCases {
          samples.sample(
            services.selected.labels[position], and: Self.changeLabels[change] ?? .none,
            changes[change])
        }
      }
    }
    writer.write(Self.rulesRewritten) { samples in
      Self.forEach(state) { services, position, _ in
        samples.sample(
          services.selected.labels[position], services.selected.rewritten[position])
      }
    }
  }

  func writeSince(
    _ earlier: ChurnLedger?, _ state: RulesetState, to writer: inout ExpositionWriter
  ) {
    // Without a change in between, which is nearly always, there is nothing to look up.
    let changed = earlier.flatMap { $0.revision == state.ledger.revision ? nil : $0 }
    writer.write(Self.movedSinceLastScrape) { samples in
      Self.forEach(state) { services, position, index in
        var moved: UInt64 = 0
        if let changed {
          let key = ChurnLedger.ServiceKey(
            family: services.family, port: services.map.services[index].port)
          moved = state.ledger.services.changes(since: changed.services, for: key).moved
        }
        samples.sample(services.selected.labels[position], moved)
      }
    }
  }

  /// Calls `body` for each selected service port, with its position among the selected and its index
  /// in the map.
  private static func forEach(
    _ state: RulesetState, _ body: (ServiceState, Int, Int) -> Void
  ) {
    for services in state.services {
      for (position, index) in services.selected.indices.enumerated() {
        body(services, position, index)
      }
    }
  }

  private func writeGauges(_ state: RulesetState, to writer: inout ExpositionWriter) {
    for (family, value) in Self.gauges {
      writer.write(family) { samples in
        Self.forEach(state) { services, position, index in
          samples.sample(
            services.selected.labels[position], value(services.map.services[index]))
        }
      }
    }
    writer.write(Self.rules) { samples in
      Self.forEach(state) { services, position, index in
        let service = services.map.services[index]
        let labels = services.selected.labels[position]
        if services.tables.contains(.filter) {
          samples.sample(labels, and: Self.filterLabels, service.filterRules)
        }
        if services.tables.contains(.nat) {
          samples.sample(labels, and: Self.natLabels, service.natRules)
        }
      }
    }
  }

  private func writeBlocked(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.blocked) { samples in
      Self.forEach(state) { services, position, index in
        let service = services.map.services[index]
        if service.blocked.isEmpty { return }
        for reason in BlockReason.allCases where service.blocked.contains(reason) {
          samples.sample(
            services.selected.labels[position], and: LabelSet(["reason": reason.rawValue]), 1)
        }
      }
    }
  }

  private func writeTotals(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.fingerprint) { samples in
      for services in state.services where !services.map.services.isEmpty {
        samples.sample(LabelSet(["ip_family": services.family.rawValue]), services.fingerprint)
      }
    }
    writer.write(Self.hookJumpPosition) { samples in
      for services in state.services {
        for jump in services.hookJumps {
          samples.sample(
            LabelSet([
              "ip_family": services.family.rawValue, "table": jump.table.rawValue,
              "chain": jump.chain.description,
            ]), jump.position)
        }
      }
    }
    writer.write(Self.servicePorts) { samples in
      for services in state.services {
        samples.sample(
          LabelSet(["ip_family": services.family.rawValue]), services.map.services.count)
      }
    }
    writer.write(Self.omitted) { samples in
      for services in state.services {
        let labels = LabelSet(["ip_family": services.family.rawValue])
        samples.sample(labels, and: LabelSet(["reason": "limit"]), services.selected.omittedByLimit)
        samples.sample(
          labels, and: LabelSet(["reason": "pattern"]), services.selected.omittedByPattern)
      }
    }
    writer.write(Self.unnamed) { samples in
      for services in state.services {
        samples.sample(
          LabelSet(["ip_family": services.family.rawValue]), services.map.unnamedChains)
      }
    }
  }

  private static let natLabels = LabelSet(["table": "nat"])
  private static let filterLabels = LabelSet(["table": "filter"])
  private static let changeLabels = Dictionary(
    uniqueKeysWithValues: Change.allCases.map { ($0, LabelSet(["change": $0.rawValue])) })
}
