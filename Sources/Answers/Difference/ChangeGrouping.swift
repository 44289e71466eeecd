internal import Churn
internal import KubeProxy
internal import Netfilter

/// Collects what differs, by owner.
struct ChangeGrouping {
  private(set) var groups: [ChangeGroup.Owner: ChangeGroup] = [:]
  private(set) var counts = DifferenceCounts()
  private let selection: ((ServicePort) -> Bool)?

  /// - Parameter selection: the service ports that are asked for; nil for all, and for what belongs to none.
  init(_ selection: ((ServicePort) -> Bool)?) { self.selection = selection }

  /// The groups that have changes: those in which rules were merely written again last.
  var sorted: [ChangeGroup] {
    groups.values.sorted { left, right in
      (left.isOnlyRewritten ? 1 : 0, left.owner) < (right.isOnlyRewritten ? 1 : 0, right.owner)
    }
  }

  mutating func add(_ comparison: FamilyComparison) {
    for table in comparison.tables {
      for policy in table.policies {
        add(
          .policyChanged(from: policy.old, to: policy.new), table, policy.chain,
          Self.declaration(policy.chain, policy.new), nil, .nobody(.hook, kind: "builtin"))
      }
      var rewritten = table.rewrittenRules
      for rules in table.transition.changedRules {
        add(rules, of: table)
        guard let index = rules.change.newIndex else { continue }
        add(rewritten.removeValue(forKey: index) ?? [], of: table, index)
      }
      for (index, rules) in rewritten.sorted(by: { $0.key < $1.key }) {
        add(rules, of: table, index)
      }
    }
  }

  private mutating func add(_ rules: ChangedRules, of table: TableComparison) {
    let chain = rules.chain
    let nobody = ChangeGroup.Owner(RulePlacement(chain))
    if let event = rules.change.chainChange {
      // The chain is its first rule's owner's.
      add(
        event == .added ? .chainAdded : .chainRemoved, table, chain.name,
        Self.declaration(chain.name, chain.policy), rules.owners.first { _ in true } ?? nil, nobody)
    }
    let places = rules.places
    for event in rules.events {
      guard let rule = rules.rule(of: event) else { continue }
      add(
        RulesetChange.Event(event), table, chain.name, rule.bytes(in: chain.name),
        rules.servicePort(of: event), places[event].map(ChangeGroup.Owner.init) ?? nobody)
    }
  }

  /// Adds rules that were written again in a chain of the new side.
  private mutating func add(
    _ rules: [ChainDifference.Move], of table: TableComparison, _ index: Int
  ) {
    if rules.isEmpty { return }
    let chain = table.new.content.chains[index]
    let places = RulePlacements(chain)
    for rule in rules {
      add(
        .ruleRewritten(from: rule.from + 1, to: rule.to + 1), table, chain.name,
        chain.rules[rule.to].bytes(in: chain.name),
        table.transition.new.map.servicePort(
          ofRule: rule.to, ofChainAt: index, in: table.new.content),
        ChangeGroup.Owner(places[rule.to]))
    }
  }

  private mutating func add(
    _ event: RulesetChange.Event, _ table: TableComparison, _ chain: ChainName,
    _ text: @autoclosure () -> [UInt8], _ port: ServicePort?, _ nobody: ChangeGroup.Owner
  ) {
    if let selection, port.map({ !selection($0) }) ?? true { return }
    let owner = port.map { ChangeGroup.Owner.servicePort($0) } ?? nobody
    counts.add(event)
    groups[owner, default: ChangeGroup(owner: owner)].changes.append(
      RulesetChange(
        family: table.family, table: table.name, chain: chain, event: event, text: text()))
  }

  /// A chain as iptables-save declares it, without counters.
  private static func declaration(_ chain: ChainName, _ policy: Verdict?) -> [UInt8] {
    Array(":".utf8) + chain.bytes + Array(" \(policy?.name ?? "-")".utf8)
  }
}

extension RulesetChange.Event {
  fileprivate init(_ event: RuleEvent) {
    switch event {
    case .removed(let position): self = .ruleRemoved(from: position + 1)
    case .added(let position): self = .ruleAdded(at: position + 1)
    case .moved(let from, let to): self = .ruleMoved(from: from + 1, to: to + 1)
    }
  }
}

extension ChangeGroup {
  fileprivate var isOnlyRewritten: Bool {
    changes.allSatisfy { if case .ruleRewritten = $0.event { true } else { false } }
  }
}
