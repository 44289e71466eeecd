public import Console
internal import KubeProxy
internal import Netfilter

/// A difference for machines, as Documentation/answers.md describes it.
public struct DifferenceJSON {
  /// Rises when a member is renamed, removed, or means something else; not when one is added.
  static let version = 1

  private let difference: RulesetDifference
  private let old: Ruleset
  private let new: Ruleset

  public init(_ difference: RulesetDifference, from old: Ruleset, to new: Ruleset) {
    self.difference = difference
    self.old = old
    self.new = new
  }

  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("version", .integer(Self.version))
      writer.member("before", .string(old.name))
      writer.member("after", .string(new.name))
      writer.member("mode_before", .string(old.mode.rawValue))
      writer.member("mode_after", .string(new.mode.rawValue))
      writer.member("differs", .flag(!difference.isEmpty))
      writer.member("counts", object: { difference.counts.write(to: &$0) })
      writer.member("summary", objects: difference.findings) { $0.write(to: &$1) }
      writer.member("groups", objects: difference.groups) { $0.write(to: &$1) }
      writer.member("not_compared", objects: difference.notCompared) { $0.write(to: &$1) }
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

extension Finding {
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
