internal import Churn
internal import KubeProxy
internal import Netfilter

/// What differs in the built-in chains, where the order decides who sees a packet first.
struct HookFindings {
  private(set) var findings: [Finding] = []

  init(_ comparison: FamilyComparison) {
    for table in comparison.tables {
      addExistence(of: table)
      for policy in table.policies {
        let place = Wording.place(policy.chain, table.name, table.family, isBuiltIn: true)
        add(
          .policyChanged, table, policy.chain,
          "the policy of \(place) is \(policy.new.name) now; it was \(policy.old.name)")
      }
      for change in table.difference.changedChains {
        guard table.chain(of: change)?.isBuiltIn ?? false else { continue }
        add(change, table, comparison)
      }
    }
  }

  /// Tables that are known not to have existed, or not to exist any more.
  private mutating func addExistence(of table: TableComparison) {
    let (old, new) = (table.old.content.chains.isEmpty, table.new.content.chains.isEmpty)
    guard old != new else { return }
    let name = "the table \(table.name.rawValue)\(Wording.suffix(table.family))"
    findings.append(
      Finding(
        old ? .tableAdded : .tableRemoved, .unknown,
        old ? "\(name) exists now" : "\(name) is gone", family: table.family, table: table.name))
  }

  private mutating func add(
    _ change: ChangedChain, _ table: TableComparison, _ comparison: FamilyComparison
  ) {
    let (old, new) = (table.oldRules(of: change), table.newRules(of: change))
    let place = Wording.place(change.name, table.name, table.family, isBuiltIn: true)
    var rest = ChangeCounts.zero
    ChainOwners(change, table, comparison).forEach { kind, _, placement in
      if placement?.scope == .hook { rest[kind] += 1 }
    }
    switch (old.jumpToServices, new.jumpToServices) {
    case (nil, nil): break
    case (.some, nil):
      rest.removed -= 1
      add(.hookJumpRemoved, table, change.name, "kube-proxy's jump is gone from \(place)")
    case (nil, .some):
      rest.added -= 1
      add(.hookJumpAdded, table, change.name, "kube-proxy's jump stands in \(place) now")
    case (let oldJump?, let newJump?):
      let before = RulesBefore(oldJump, newJump, old.count, new.count, change.difference)
      rest.added -= UInt64(before.added)
      rest.moved = before.moved > 0 ? 0 : rest.moved
      let count = before.added + before.moved
      guard count > 0 else { break }
      add(.beforeHookJump, table, change.name, Self.before(count, place))
    }
    guard rest != .zero else { return }
    add(.hookChanged, table, change.name, "the rules of \(place) changed: \(rest.text)")
  }

  private static func before(_ count: Int, _ place: String) -> String {
    count == 1
      ? "a rule was put before kube-proxy's jump in \(place): packets meet it first"
      : "\(count) rules were put before kube-proxy's jump in \(place): packets meet them first"
  }

  private mutating func add(
    _ kind: Finding.Kind, _ table: TableComparison, _ chain: ChainName, _ text: String
  ) {
    findings.append(
      Finding(kind, .traffic, text, family: table.family, table: table.name, chain: chain))
  }
}

/// The rules before kube-proxy's jump that did not stand there.
private struct RulesBefore {
  /// Those that are new.
  let added: Int
  /// Those that stood behind it.
  let moved: Int

  init(
    _ oldJump: Int, _ newJump: Int, _ oldCount: Int, _ newCount: Int, _ difference: ChainDifference
  ) {
    added = difference.added.count { $0 < newJump }
    let common = CommonRules(oldCount: oldCount, newCount: newCount, difference)
    moved = zip(common.newPositions, common.oldPositions).count { $0 < newJump && $1 > oldJump }
  }
}

extension RuleList {
  /// Where the first rule stands that leads to kube-proxy's services.
  fileprivate var jumpToServices: Int? {
    indices.first { outcome(at: $0) == .chain(.kubeServices) }
  }
}
