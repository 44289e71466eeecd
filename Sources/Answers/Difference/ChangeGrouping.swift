internal import Churn
internal import KubeProxy
internal import Netfilter

/// Collects what differs, by whose it is.
struct ChangeGrouping {
  private(set) var groups: [ChangeGroup.Owner: ChangeGroup] = [:]
  private(set) var counts = DifferenceCounts()
  private let isSelected: (ServicePort) -> Bool
  /// Whether what belongs to no service port is left out.
  private let onlyServices: Bool

  init(_ selection: ((ServicePort) -> Bool)?) {
    isSelected = selection ?? { _ in true }
    onlyServices = selection != nil
  }

  /// The groups that have changes: those in which rules were merely written again last.
  var sorted: [ChangeGroup] {
    groups.values.sorted { left, right in
      (left.isOnlyRewritten ? 1 : 0, left.owner) < (right.isOnlyRewritten ? 1 : 0, right.owner)
    }
  }

  mutating func add(_ comparison: FamilyComparison) {
    for table in comparison.tables {
      for policy in table.policies {
        add(.policyChanged(from: policy.old, to: policy.new), table, policy.chain, policy.text, nil)
      }
      var rewritten = RewrittenRules(table)
      for change in table.difference.changedChains {
        add(change, of: table, comparison, &rewritten)
      }
      for chain in rewritten.otherChains {
        add(rewritten.rules(of: chain), of: table, chain, comparison.new)
      }
    }
  }

  private mutating func add(
    _ change: ChangedChain, of table: TableComparison, _ comparison: FamilyComparison,
    _ rewritten: inout RewrittenRules
  ) {
    guard let chain = table.chain(of: change) else { return }
    let writer = ChainWriter(change, table, comparison)
    let nobody = ChangeGroup.Owner(RulePlacement(chain))
    if let event = writer.chainEvent {
      add(event, table, chain.name, chain.declaration, writer.chainOwner, nobody)
    }
    for (event, rule, owner, place) in writer.rules {
      add(event, table, chain.name, rule, owner, place.map(ChangeGroup.Owner.init) ?? nobody)
    }
    guard let index = change.newIndex else { return }
    add(rewritten.takeRules(of: index), of: table, index, comparison.new)
  }

  /// Adds rules that were written again in a chain of the new side.
  private mutating func add(
    _ rules: [ChainDifference.Move], of table: TableComparison, _ index: Int, _ side: FamilySide
  ) {
    if rules.isEmpty { return }
    let chain = table.new.content.chains[index]
    let places = RulePlacements(chain)
    for rule in rules {
      add(
        .ruleRewritten(from: rule.from + 1, to: rule.to + 1), table, chain.name,
        chain.rules[rule.to].bytes(in: chain.name),
        side.owner(table.new.content, chain: index, rule.to),
        ChangeGroup.Owner(places[rule.to]))
    }
  }

  private mutating func add(
    _ event: RulesetChange.Event, _ table: TableComparison, _ chain: ChainName,
    _ text: @autoclosure () -> [UInt8], _ port: ServicePort?,
    _ nobody: ChangeGroup.Owner = .nobody(.hook, kind: "builtin")
  ) {
    if port.map({ !isSelected($0) }) ?? onlyServices { return }
    let owner = port.map { ChangeGroup.Owner.servicePort($0) } ?? nobody
    counts.add(event)
    groups[owner, default: ChangeGroup(owner: owner)].changes.append(
      RulesetChange(
        family: table.family, table: table.name, chain: chain, event: event, text: text()))
  }
}

extension ChangeGroup {
  fileprivate var isOnlyRewritten: Bool {
    changes.allSatisfy { if case .ruleRewritten = $0.event { true } else { false } }
  }
}

extension TableComparison.PolicyChange {
  fileprivate var text: [UInt8] {
    Array(":".utf8) + chain.bytes + Array(" \(new.name)".utf8)
  }
}

extension Chain {
  /// As iptables-save has it, without counters.
  fileprivate var declaration: [UInt8] {
    Array(":".utf8) + name.bytes + Array(" \(policy?.name ?? "-")".utf8)
  }
}
