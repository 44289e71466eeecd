import Netfilter
import PacketWalk

/// A rule by its place among all of its table's.
struct RuleKey: Hashable {
  let table: TableName
  let chain: Int
  let position: Int

  init(table: TableName, chain: Int, position: Int) {
    self.table = table
    self.chain = chain
    self.position = position
  }

  init(_ rule: RuleAddress) {
    self.init(table: rule.table, chain: rule.chain, position: rule.position)
  }
}

/// By how many packets counters rose between two readings; only those that did.
struct CounterRise {
  private(set) var rules: [RuleKey: UInt64] = [:]
  /// Policies' have position -1.
  private(set) var policies: [RuleKey: UInt64] = [:]

  init(from old: FamilySnapshot, to new: FamilySnapshot) {
    for (before, after) in zip(old.tables, new.tables) {
      let content = after.content
      precondition(before.content == content, "rules changed while packets were sent")
      var policy = 0
      for (chain, value) in zip(content.chains.indices, content.chains) {
        for (position, index) in content.ruleRange(of: chain).enumerated() {
          let rise = after.counters[index].packets &- before.counters[index].packets
          guard rise != 0 else { continue }
          rules[RuleKey(table: content.name, chain: chain, position: position)] = rise
        }
        guard value.isBuiltIn else { continue }
        let rise =
          after.policyCounters[policy].packets &- before.policyCounters[policy].packets
        policy += 1
        if rise != 0 {
          policies[RuleKey(table: content.name, chain: chain, position: -1)] = rise
        }
      }
    }
  }

  /// The rules and policies that the walk has match more or less often than they counted.
  func disagreements(with walk: Walk, in snapshot: FamilySnapshot) -> [String] {
    var expected: [RuleKey: UInt64] = [:]
    for step in walk.steps where step.match == .yes {
      expected[RuleKey(step.rule), default: 0] += 1
    }
    var expectedPolicies: [RuleKey: UInt64] = [:]
    for policy in walk.policies {
      expectedPolicies[
        RuleKey(table: policy.table, chain: policy.chain, position: -1), default: 0] += 1
    }
    let undecided = walk.steps.filter { $0.match == .sometimes }.map {
      "undecided: \($0.rule.table.rawValue) \(snapshot.line($0.rule))"
    }
    return undecided + Self.differences(expected, rules, snapshot)
      + Self.differences(expectedPolicies, policies, snapshot)
  }

  private static func differences(
    _ expected: [RuleKey: UInt64], _ found: [RuleKey: UInt64], _ snapshot: FamilySnapshot
  ) -> [String] {
    Set(expected.keys).union(found.keys).sorted {
      ($0.table, $0.chain, $0.position) < ($1.table, $1.chain, $1.position)
    }.compactMap { key in
      let (walked, counted) = (expected[key] ?? 0, found[key] ?? 0)
      if walked == counted { return nil }
      return "walked \(walked), counted \(counted): \(key.table.rawValue) \(snapshot.line(key))"
    }
  }
}

extension FamilySnapshot {
  /// The rule as iptables-save prints it.
  func line(_ rule: RuleAddress) -> String { line(RuleKey(rule)) }

  fileprivate func line(_ key: RuleKey) -> String {
    guard let chain = table(key.table)?.content.chains[key.chain] else { return "no such table" }
    if key.position < 0 { return "-P \(chain.name) \(chain.policy?.name ?? "-")" }
    let line = String(decoding: chain.rules.line(at: key.position), as: UTF8.self)
    return "-A \(chain.name) \(line)"
  }
}
