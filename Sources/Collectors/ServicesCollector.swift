internal import Churn
internal import Exposition
internal import KubeProxy
internal import Netfilter
internal import Tracking

extension Collector {
  package static let services = Collector(
    name: "services", help: "Collect metrics of service ports.",
    isComplete: { $0.servicePatternFailure == nil }, sharedParts: ServicesCollector.sharedParts,
    partsSince: ServicesCollector.partsSince)
}

/// `services`: what the rules hold for each service port.
private enum ServicesCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
    let gauges = Part(.gauges, from: state.services.map(\.gauges)) {
      writeGauges(state, to: &$0)
    }
    let blocks = ServiceBlock.all(of: state)
    let changes = blocks.map { block in
      block.part(.changes, Self.ruleChanges, from: [block.changes]) { samples, position in
        let changes = block.services.changes[position]
        for (change, labels) in Self.changeLabels {
          samples.sample(
            block.labels[position], and: labels, changes[change],
            since: block.services.selected.beginning(at: position))
        }
      }
    }
    let rewritten = blocks.map { block in
      block.part(.rewrites, Self.rulesRewritten, from: [block.rewritten]) { samples, position in
        samples.sample(
          block.labels[position], block.services.rewritten[position],
          since: block.services.selected.beginning(at: position))
      }
    }
    let totals = Part(.totals, from: [state.reading]) { writeTotals(state, to: &$0) }
    return [gauges] + changes + rewritten + [totals]
  }

  static func partsSince(_ earlier: ChurnMark?, _ state: RulesetState) -> [Part] {
    let moved = state.movedRules(since: earlier)
    return ServiceBlock.all(of: state).map { block in
      let counts = moved[block.services.family, default: [:]]
      // Where nothing was moved, which is nearly always, it is the same for all scrapers.
      let isSame = !block.positions.contains { counts[$0] != nil }
      return block.part(
        .moves, Self.movedSinceLastScrape, isKept: isSame
      ) { samples, position in
        samples.sample(block.labels[position], counts[position] ?? 0)
      }
    }
  }

  private static func writeGauges(_ state: RulesetState, to writer: inout ExpositionWriter) {
    func write(_ samples: inout SampleWriter, _ value: (Service) -> Int) {
      state.forEachSelected { labels, index, services in
        samples.sample(labels, value(services.map.services[index]))
      }
    }
    writer.gauge(
      "iptables_service_sep_chains",
      "Distinct KUBE-SEP chains that the service port's chains jump to."
    ) { write(&$0) { $0.sepChains } }
    writer.gauge(
      "iptables_service_dnat_targets",
      "Distinct DNAT destinations in the service port's KUBE-SEP chains."
    ) { write(&$0) { $0.dnatTargets } }
    writer.gauge(
      "iptables_service_nodeport_rules", "Rules in nat's KUBE-NODEPORTS for the service port."
    ) { write(&$0) { $0.nodePortRules } }
    writer.gauge("iptables_service_rules", "Rules of the service port in the table.") { samples in
      state.forEachSelected { labels, index, services in
        let service = services.map.services[index]
        if services.gauges.tables.contains(.filter) {
          samples.sample(labels, and: Self.filterLabels, service.filterRules)
        }
        if services.gauges.tables.contains(.nat) {
          samples.sample(labels, and: Self.natLabels, service.natRules)
        }
      }
    }
    writer.gauge(
      "iptables_service_blocked",
      "1 for a service port whose traffic the rules reject (no_endpoints) or drop "
        + "(no_local_endpoints)."
    ) { samples in
      state.forEachSelected { labels, index, services in
        let blocked = services.map.services[index].blocked
        for reason in BlockReason.allCases where blocked.contains(reason) {
          samples.sample(labels, and: LabelSet(["reason": reason.rawValue]), 1)
        }
      }
    }
  }

  private static func writeTotals(_ state: RulesetState, to writer: inout ExpositionWriter) {
    func write(_ samples: inout SampleWriter, _ value: (ServiceState) -> Int) {
      for services in state.services { samples.sample(LabelSet(services.family), value(services)) }
    }
    writer.gauge(
      "iptables_service_map_fingerprint",
      "A number over the service ports with their cluster IPs, node ports and cluster-policy endpoints. "
        + "Nodes that are in step have the same number: nothing that is local to a node goes into it."
    ) { samples in
      for services in state.services where !services.map.services.isEmpty {
        samples.sample(LabelSet(services.family), services.fingerprint)
      }
    }
    writer.gauge(
      "iptables_hook_jump_position",
      "The position in the built-in chain of the first jump to KUBE-SERVICES: 1 is first, 0 is missing. "
        + "For tables that have a chain KUBE-SERVICES."
    ) { samples in
      for services in state.services {
        guard let snapshot = state.snapshot(of: services) else { continue }
        writeHookJumps(in: snapshot, to: &samples)
      }
    }
    writer.gauge(
      "iptables_services", "Service ports found, those without series of their own included."
    ) { write(&$0) { $0.map.services.count } }
    writer.gauge(
      "iptables_services_omitted",
      "Service ports without series of their own, by reason: --services.limit, or "
        + "--services.include and --services.exclude (pattern)."
    ) { samples in
      for services in state.services {
        samples.omitted(
          LabelSet(services.family), byLimit: services.selected.omittedByLimit,
          byPattern: services.selected.omittedByPattern)
      }
    }
    writer.gauge(
      "iptables_services_unnamed",
      "Service chains of no known service port. The dispatch rules that lead to such a chain name no "
        + "service port, or one that contradicts the hash in the chain's name."
    ) { write(&$0) { $0.map.unnamed.count } }
  }

  /// Writes the positions for the built-in chains that kube-proxy hooks into.
  private static func writeHookJumps(in snapshot: FamilySnapshot, to samples: inout SampleWriter) {
    for hook in Hook.services {
      guard let content = snapshot.table(hook.table)?.content,
        content.chainIndex(of: .kubeServices) != nil,
        let chain = content.chainIndex(of: hook.chain), chain < content.builtInCount
      else { continue }
      let index = content.chains[chain].rules.firstJump(to: hook.target)
      samples.sample(
        LabelSet(snapshot.family),
        and: LabelSet(["table": hook.table.rawValue, "chain": hook.chain.description]),
        index.map { $0 + 1 } ?? 0)
    }
  }

  private static let natLabels = LabelSet(["table": "nat"])
  private static let filterLabels = LabelSet(["table": "filter"])
  private static let changeLabels = Change.allCases.map {
    ($0, LabelSet(["change": $0.rawValue]))
  }

  private static let ruleChanges = MetricFamily(
    "iptables_service_rule_changes_total", .counter,
    "Rules of the service port in nat that were added, removed or moved between readings, since "
      + "the exporter started.")

  private static let movedSinceLastScrape = MetricFamily(
    "iptables_service_rules_moved_since_last_scrape", .gauge,
    "Reorder churn: rules of the service port in nat that moved since this scraper's last scrape.")

  private static let rulesRewritten = MetricFamily(
    "iptables_service_rules_rewritten_total", .counter,
    "Rules of the service port in nat that were written again with the same content, in place or "
      + "moved, since the exporter started. " + RewriteLimits.help)
}

/// Some of a family's selected service ports, which are rendered together, and again where a count of
/// one of them changed.
private struct ServiceBlock {
  let services: ServiceState
  let place: Part.Block
  /// Positions among the selected.
  let positions: Range<Int>

  /// All blocks of all families, in the order of the metrics.
  static func all(of state: RulesetState) -> [ServiceBlock] {
    let first = state.services.first { !$0.selected.indices.isEmpty }?.family
    return state.services.flatMap { services in
      services.selected.blocks.enumerated().map { number, positions in
        let isFirst = number == 0 && services.family == first
        return ServiceBlock(
          services: services, place: Part.Block(number: number, isFirst: isFirst),
          positions: positions)
      }
    }
  }

  var labels: [LabelSet] { services.selected.labels }
  var changes: any AnyObject & Sendable { services.changes.blocks[place.number] }
  var rewritten: any AnyObject & Sendable { services.rewritten.blocks[place.number] }

  /// The block's part of a family, whose help and type are written with the first block.
  ///
  /// - Parameters:
  ///   - origin: What the part is made from, beside the selected service ports.
  ///   - isKept: Whether it is the same for everybody who asks.
  ///   - body: Writes the samples of the service port at a position.
  func part(
    _ content: Part.Content, _ family: MetricFamily, from origin: [any AnyObject & Sendable] = [],
    isKept: Bool = true, _ body: @escaping @Sendable (inout SampleWriter, Int) -> Void
  ) -> Part {
    let write: @Sendable (inout ExpositionWriter) -> Void = { writer in
      writer.write(family, isContinued: !place.isFirst) { samples in
        for position in positions { body(&samples, position) }
      }
    }
    return isKept
      ? Part(content, of: place, from: [services.selected] + origin, write: write)
      : Part(write: write)
  }
}
