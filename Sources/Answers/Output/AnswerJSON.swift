public import Console
internal import KubeProxy
internal import Netfilter

extension RulesetDifference {
  /// Writes the difference for machines, as Documentation/answers.md describes it.
  ///
  /// - Parameter isShort: whether the rules are left out, and with them the groups.
  public func write(to writer: inout JSONWriter, isShort: Bool = false) {
    writer.answer { writer in
      writer.member("before", .string(old.name))
      writer.member("after", .string(new.name))
      writer.member("mode_before", .string(old.mode.rawValue))
      writer.member("mode_after", .string(new.mode.rawValue))
      writer.member("differs", .flag(!isEmpty))
      writer.member("counts", counts.parts.map { (key: $0.name, value: $0.number) })
      writer.member("summary", objects: findings) { Answers.write($0, to: &$1) }
      if !isShort { writer.member("groups", objects: groups) { Answers.write($0, to: &$1) } }
      writer.member("not_compared", objects: notCompared) { Answers.write($0, to: &$1) }
    }
  }
}

private func write(_ finding: DifferenceFinding, to writer: inout JSONWriter) {
  writer.member("kind", .string(finding.kind.rawValue))
  writer.member("impact", .string(finding.impact.rawValue))
  writer.member("text", .string(finding.text))
  writer.member("ip_family", finding.family.map { .string($0.rawValue) } ?? .null)
  writer.member("table", finding.table.map { .string($0.rawValue) } ?? .null)
  writer.member("chain", finding.chain.map { .text($0.bytes) } ?? .null)
  writer.member("service", strings: finding.servicePort?.parts)
}

private func write(_ group: ChangeGroup, to writer: inout JSONWriter) {
  switch group.owner {
  case .servicePort(let port):
    writer.member("service", strings: port.parts)
    writer.member("scope", .null)
    writer.member("kind", .null)
  case .nobody(let scope, let kind):
    writer.member("service", .null)
    writer.member("scope", .string(scope.rawValue))
    writer.member("kind", .string(kind))
  }
  writer.member("changes", objects: group.changes, write)
}

private func write(_ change: RulesetChange, to writer: inout JSONWriter) {
  let form = change.event.form
  writer.member("change", .string(form.name))
  writer.member("ip_family", .string(change.family.rawValue))
  writer.member("table", .string(change.table.rawValue))
  writer.member("chain", .text(change.chain.bytes))
  writer.member("from", form.from.map { .integer($0) } ?? .null)
  writer.member("to", form.to.map { .integer($0) } ?? .null)
  writer.member("text", .text(change.text))
  if case .policyChanged(let old, let new) = change.event {
    writer.member("policy_before", .string(old.name))
    writer.member("policy_after", .string(new.name))
  }
}

private func write(_ table: UncomparedTable, to writer: inout JSONWriter) {
  writer.member("ip_family", .string(table.family.rawValue))
  writer.member("table", .string(table.table.rawValue))
  writer.member("missing", .string(table.missing.rawValue))
}

extension ServiceList {
  /// Writes the service ports for machines, as Documentation/answers.md describes them.
  public func write(to writer: inout JSONWriter) {
    writer.answer { writer in
      writer.member("source", .string(ruleset.name))
      writer.member("mode", .string(ruleset.mode.rawValue))
      writer.member("mixed_backends", objects: ruleset.mixedBackends) { mixed, writer in
        writer.member("ip_family", .string(mixed.family.rawValue))
        writer.member("taken", .string(mixed.taken.rawValue))
        writer.member("other", .string(mixed.other.rawValue))
        writer.member("chain_count", .integer(mixed.holdings.chains))
        writer.member("rule_count", .integer(mixed.holdings.rules))
      }
      writer.member("unnamed_chains", unnamed.parts)
      writer.member("services", objects: services) { $0.write(to: &$1) }
    }
  }
}

extension ServiceReport {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("service", strings: port.parts)
    writer.member("ip_family", .string(family.rawValue))
    writer.member("addresses", objects: addresses) { address, writer in
      writer.member("kind", .string(address.kind.rawValue))
      writer.member("address", .string("\(address.address)"))
      writer.member("port", .integer(Int(address.port)))
    }
    writer.member("node_ports", elements: nodePorts.map { .integer(Int($0)) })
    writer.member("blocked", elements: blocked.map { .string($0.rawValue) })
    let traffic = BlockReason.allCases.flatMap { reason in
      blockedTraffic.origins(reason).map { (reason: reason, origin: $0) }
    }
    writer.member("blocked_traffic", objects: traffic) { traffic, writer in
      writer.member("reason", .string(traffic.reason.rawValue))
      writer.member("traffic", .string(traffic.origin.rawValue))
    }
    writer.member("session_affinity_seconds", elements: affinity.map { .integer(Int($0)) })
    writer.member("connections", .count(connections))
    writer.member("nat_rules", .integer(natRules))
    writer.member("filter_rules", .integer(service.filterRules))
    writer.member("balancing", objects: balancing) { chain, writer in
      writer.member("chain", .text(chain.chain.bytes))
      writer.member("endpoints", objects: chain.endpoints, write)
    }
    writer.member("dispatch", objects: dispatch, write)
    writer.member("chains", objects: chains, write)
  }

  private func write(_ endpoint: EndpointShare, to writer: inout JSONWriter) {
    writer.member("chain", .text(endpoint.chain.bytes))
    writer.member("destinations", elements: endpoint.destinations.map { .string("\($0)") })
    writer.member("share", .number(endpoint.share))
    writer.member("connections", .count(connections(to: endpoint)))
  }

  private func write(_ chain: Rules, to writer: inout JSONWriter) {
    writer.member("table", .string(chain.table.rawValue))
    writer.member("chain", .text(chain.chain.bytes))
    writer.member("rules", objects: chain.rules) { rule, writer in
      writer.member("position", .integer(rule.position))
      writer.member("text", .text(rule.text))
    }
  }
}

extension JSONWriter.Scalar {
  /// A counter, which only a kernel that counts for millennia can make too large.
  fileprivate static func count(_ number: UInt64) -> Self { .integer(Int(clamping: number)) }
}

/// What several answers write for machines.
extension JSONWriter {
  /// Writes an answer: an object of the members that `body` writes, after the version of its form.
  mutating func answer(_ body: (inout JSONWriter) -> Void) {
    object { json in
      // Rises when a member of a document is renamed, removed, or means something else; not when one is
      // added.
      json.member("version", .integer(2))
      body(&json)
    }
  }

  /// Writes an object whose members are all numbers.
  mutating func member(_ name: String, _ numbers: some Sequence<(key: String, value: Int)>) {
    member(name) { json in
      for (name, number) in numbers { json.member(name, .integer(number)) }
    }
  }

  /// Writes the sources that could not be read, and why.
  mutating func member(failures: [(source: String, message: String)]) {
    member("failures", objects: failures) { failure, json in
      json.member("source", .string(failure.source))
      json.member("message", .string(failure.message))
    }
  }

  /// Writes where a rule stands in its table, and its text.
  mutating func members(of rule: Rule, in chain: ChainName, at position: Int) {
    member("chain", .text(chain.bytes))
    member("position", .integer(position + 1))
    member("text", .text(rule.bytes(in: chain)))
  }
}
