public import Console
internal import KubeProxy
internal import Netfilter

/// Rises when a member of either document is renamed, removed, or means something else; not when one is
/// added.
private let answerVersion = 1

extension RulesetDifference {
  /// Writes the difference for machines, as Documentation/answers.md describes it.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("version", .integer(answerVersion))
      writer.member("before", .string(old.name))
      writer.member("after", .string(new.name))
      writer.member("mode_before", .string(old.mode.rawValue))
      writer.member("mode_after", .string(new.mode.rawValue))
      writer.member("differs", .flag(!isEmpty))
      writer.member("counts", object: { counts.write(to: &$0) })
      writer.member("summary", objects: findings) { $0.write(to: &$1) }
      writer.member("groups", objects: groups) { $0.write(to: &$1) }
      writer.member("not_compared", objects: notCompared) { $0.write(to: &$1) }
    }
  }
}

extension DifferenceCounts {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("rules_added", .integer(rulesAdded))
    writer.member("rules_removed", .integer(rulesRemoved))
    writer.member("rules_moved", .integer(rulesMoved))
    writer.member("rules_rewritten", .integer(rulesRewritten))
    writer.member("chains_added", .integer(chainsAdded))
    writer.member("chains_removed", .integer(chainsRemoved))
    writer.member("policies_changed", .integer(policiesChanged))
  }
}

extension DifferenceFinding {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("kind", .string(kind.rawValue))
    writer.member("impact", .string(impact.rawValue))
    writer.member("text", .string(text))
    writer.member("ip_family", family.map { .string($0.rawValue) } ?? .null)
    writer.member("table", table.map { .string($0.rawValue) } ?? .null)
    writer.member("chain", chain.map { .text($0.bytes) } ?? .null)
    writer.member("service", strings: servicePort?.parts)
  }
}

extension ChangeGroup {
  fileprivate func write(to writer: inout JSONWriter) {
    switch owner {
    case .servicePort(let port):
      writer.member("service", strings: port.parts)
      writer.member("scope", .null)
      writer.member("kind", .null)
    case .nobody(let scope, let kind):
      writer.member("service", .null)
      writer.member("scope", .string(scope.rawValue))
      writer.member("kind", .string(kind))
    }
    writer.member("changes", objects: changes) { $0.write(to: &$1) }
  }
}

extension RulesetChange {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("change", .string(event.name))
    writer.member("ip_family", .string(family.rawValue))
    writer.member("table", .string(table.rawValue))
    writer.member("chain", .text(chain.bytes))
    let (from, to) = event.positions
    writer.member("from", from.map { .integer($0) } ?? .null)
    writer.member("to", to.map { .integer($0) } ?? .null)
    writer.member("text", .text(text))
    if case .policyChanged(let old, let new) = event {
      writer.member("policy_before", .string(old.name))
      writer.member("policy_after", .string(new.name))
    }
  }
}

extension RulesetChange.Event {
  /// What machines are told.
  fileprivate var name: String {
    switch self {
    case .chainAdded: "chain_added"
    case .chainRemoved: "chain_removed"
    case .policyChanged: "policy_changed"
    case .ruleAdded: "added"
    case .ruleRemoved: "removed"
    case .ruleMoved: "moved"
    case .ruleRewritten: "rewritten"
    }
  }

  /// Where the rule stood and stands, counted from 1.
  fileprivate var positions: (from: Int?, to: Int?) {
    switch self {
    case .chainAdded, .chainRemoved, .policyChanged: (nil, nil)
    case .ruleAdded(let position): (nil, position)
    case .ruleRemoved(let position): (position, nil)
    case .ruleMoved(let old, let new), .ruleRewritten(let old, let new): (old, new)
    }
  }
}

extension UncomparedTable {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("ip_family", .string(family.rawValue))
    writer.member("table", .string(table.rawValue))
    writer.member("missing", .string(missing.rawValue))
  }
}

extension ServiceList {
  /// Writes the service ports for machines, as Documentation/answers.md describes them.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("version", .integer(answerVersion))
      writer.member("rules", .string(name))
      writer.member("mode", .string(mode.rawValue))
      writer.member(
        "unnamed_chains",
        object: { writer in
          writer.member("without_name", .integer(unnamed.withoutName))
          writer.member("contradicted", .integer(unnamed.contradicted))
        })
      writer.member("services", objects: services) { $0.write(to: &$1) }
    }
  }
}

extension ServiceReport {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("service", strings: port.parts)
    writer.member("ip_family", .string(family.rawValue))
    writer.member("addresses", objects: addresses) { $0.write(to: &$1) }
    writer.member("node_ports", elements: nodePorts.map { .integer(Int($0)) })
    writer.member("blocked", elements: blocked.map { .string($0.rawValue) })
    writer.member(
      "blocked_traffic",
      objects: BlockReason.allCases.flatMap { reason in
        blockedTraffic.origins(reason).map { (reason: reason, origin: $0) }
      }
    ) { traffic, writer in
      writer.member("reason", .string(traffic.reason.rawValue))
      writer.member("traffic", .string(traffic.origin.rawValue))
    }
    writer.member("session_affinity_seconds", elements: affinity.map { .integer(Int($0)) })
    writer.member("connections", .count(connections))
    writer.member("nat_rules", .integer(natRules))
    writer.member("filter_rules", .integer(filterRules))
    writer.member("balancing", objects: balancing) { $0.write(to: &$1) }
    writer.member("dispatch", objects: dispatch) { $0.write(to: &$1) }
    writer.member("chains", objects: chains) { $0.write(to: &$1) }
  }
}

extension ServiceAddress {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("kind", .string(kind.rawValue))
    writer.member("address", .string("\(address)"))
    writer.member("port", .integer(Int(port)))
  }
}

extension ServiceReport.Balancing {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("chain", .text(chain.bytes))
    writer.member("endpoints", objects: endpoints) { $0.write(to: &$1) }
  }
}

extension ServiceReport.Endpoint {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("chain", .text(chain.bytes))
    writer.member("destinations", elements: destinations.map { .string($0) })
    writer.member("share", .number(share))
    writer.member("connections", .count(connections))
  }
}

extension ServiceReport.Rules {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("table", .string(table.rawValue))
    writer.member("chain", .text(chain.bytes))
    writer.member("rules", objects: rules) { rule, writer in
      writer.member("position", .integer(rule.position))
      writer.member("text", .text(rule.text))
    }
  }
}

extension JSONWriter.Scalar {
  /// A counter, which only a kernel that counts for millennia can make too large.
  fileprivate static func count(_ number: UInt64) -> Self { .integer(Int(clamping: number)) }
}
