internal import Churn
internal import KubeProxy
internal import Netfilter

/// A table on both sides, and what differs.
struct TableComparison {
  let old: TableSnapshot
  let new: TableSnapshot
  let transition: TableTransition
  /// The built-in chains that both sides have, with another policy.
  let policies: [(chain: ChainName, old: Verdict, new: Verdict)]

  var family: IPFamily { new.family }
  var name: TableName { new.name }
  var difference: TableDifference { transition.difference }

  /// - Parameter maps: Of the service ports of both sides.
  init(
    from old: TableSnapshot, to new: TableSnapshot, _ maps: (old: ServiceMap, new: ServiceMap)
  ) {
    self.old = old
    self.new = new
    transition = TableTransition(
      from: TableTransition.Side(content: old.content, map: maps.old),
      to: TableTransition.Side(content: new.content, map: maps.new))
    policies = new.content.chains.compactMap { chain in
      guard let policy = chain.policy, let index = old.content.chainIndex(of: chain.name),
        let former = old.content.chains[index].policy, former != policy
      else { return nil }
      return (chain.name, former, policy)
    }
  }

  /// The same comparison, as if the old side's chains had had their new names.
  func renaming(_ names: [ChainName: ChainName]) -> TableComparison {
    var chains = old.content.chains
    for index in difference.changedChains.compactMap(\.oldIndex) {
      let chain = chains[index]
      chains[index] = Chain(
        name: names[chain.name] ?? chain.name, policy: chain.policy,
        rules: RuleList(chain.rules.lazy.map { $0.renaming(names) }))
    }
    let content = TableContent(family: family, name: name, chains: chains)
    return TableComparison(
      from: TableSnapshot(
        content: content, counters: old.counters, policyCounters: old.policyCounters,
        size: old.size, handles: old.handles), to: new, (transition.old.map, transition.new.map))
  }

  /// A chain's rules on the old side; none where it is new.
  func oldRules(of change: ChangedChain) -> RuleList {
    change.oldIndex.map { old.content.chains[$0].rules } ?? RuleList()
  }

  /// A chain's rules on the new side; none where it is gone.
  func newRules(of change: ChangedChain) -> RuleList {
    change.newIndex.map { new.content.chains[$0].rules } ?? RuleList()
  }

  func differsInCommentsOnly(_ change: ChangedChain) -> Bool {
    isAlike(change) { $0.withoutComments == $1.withoutComments }
  }

  /// Whether nothing but comments differs, and the last digits of probabilities: versions of kube-proxy write more
  /// of them or fewer.
  func differsInRoundingOnly(_ change: ChangedChain) -> Bool {
    isAlike(change) { old, new in
      old == new
        || old.withoutProbability == new.withoutProbability
          && abs((old.probability ?? 0) - (new.probability ?? 0)) < Self.rounding
    }
  }

  /// Shares that are closer are the same, rounded in different ways.
  static let rounding = 1e-5

  private func isAlike(_ change: ChangedChain, _ areAlike: (Rule, Rule) -> Bool) -> Bool {
    let (old, new) = (oldRules(of: change), newRules(of: change))
    return !old.isEmpty && old.count == new.count && zip(old, new).allSatisfy(areAlike)
  }

  /// What differs in a chain besides comments.
  func differenceWithoutComments(_ change: ChangedChain) -> ChainDifference {
    ChainDifference(
      from: RuleList(oldRules(of: change).lazy.map(\.withoutComments)),
      to: RuleList(newRules(of: change).lazy.map(\.withoutComments)))
  }

  /// The rules that are as they were and yet have a new handle: they were written again. By the index of
  /// their chain on the new side, ascending positions.
  ///
  /// Only nf_tables has handles. A rule that was moved is new to nf_tables in any case, and is left out.
  var rewrittenRules: [Int: [ChainDifference.Move]] {
    guard !old.handles.isEmpty, !new.handles.isEmpty, old.handles != new.handles else { return [:] }
    var moved: [Int: Set<Int>] = [:]
    var formerStarts: [Int: Int] = [:]
    for change in difference.changedChains {
      guard let index = change.newIndex, let former = change.oldIndex else { continue }
      moved[index] = Set(change.difference.moved.map(\.to))
      formerStarts[index] = old.content.firstRules[former]
    }
    var rules: [Int: [ChainDifference.Move]] = [:]
    difference.forEachCommonRun { chain, run in
      let start = new.content.firstRules[chain]
      // The rules of a chain that did not change are one run.
      let formerStart = formerStarts[chain] ?? run.from
      for (from, to) in zip(run.from..<run.from + run.count, run.to..<run.to + run.count)
      where old.handles[from] != new.handles[to] && moved[chain]?.contains(to - start) != true {
        rules[chain, default: []].append(
          ChainDifference.Move(from: from - formerStart, to: to - start))
      }
    }
    return rules
  }
}

extension Rule {
  /// The share of packets that `-m statistic` lets match, where the rule has one.
  fileprivate var probability: Double? {
    value(of: "--probability").flatMap { Double(String(decoding: $0.bytes, as: UTF8.self)) }
  }

  /// The rule without comments and with no value of `--probability`.
  fileprivate var withoutProbability: Rule {
    withoutComments.replacing { element, line, _ in
      line.isText("--probability", element.name) ? (element.values, []) : nil
    }
  }
}

/// Whether another order of a dispatch chain's rules makes a difference to any packet.
///
/// It makes none where all rules that changed their order exclude each other: those that match another
/// protocol, destination port or destination address. Of rules that may match the same packet, and of a
/// rule that says too little of itself, the order must be as it was.
struct DispatchOrder {
  let isOfNoEffect: Bool

  init(from old: RuleList, to new: RuleList, _ difference: ChainDifference) {
    let common = difference.commonRules(old, new)
    let selections = common.map { Selection(new.outline(at: $0.to)) }
    let oldPositions = common.map(\.from)
    isOfNoEffect =
      Self.keepPlace(selections, oldPositions) && Self.keepOrder(selections, oldPositions)
  }

  /// What a rule says of the packets that it matches.
  private struct Selection: Hashable {
    /// Nil where the rule leaves it open, as the port.
    let ipProtocol: UInt8?
    let port: UInt16?
    /// The destination; nil where it is not one address.
    var address: IPAddress?

    init(_ rule: RuleOutline) {
      ipProtocol = rule.ipProtocol
      port = rule.destinationPort
      address = rule.destination?.onlyAddress
    }

    /// Whether it may match any service's packets.
    var isOpen: Bool { ipProtocol == nil || port == nil }

    /// The same at any address.
    var anywhere: Selection {
      var selection = self
      selection.address = nil
      return selection
    }
  }

  /// Whether each rule that may match anything has the same rules before it as it had.
  private static func keepPlace(_ rules: [Selection], _ oldPositions: [Int]) -> Bool {
    let sorted = oldPositions.sorted()
    var greatest = -1
    for (index, position) in oldPositions.enumerated() {
      if rules[index].isOpen, sorted[index] != position || greatest > position { return false }
      greatest = max(greatest, position)
    }
    return true
  }

  /// Whether rules that may match the same packets are in the order in which they were.
  private static func keepOrder(_ rules: [Selection], _ oldPositions: [Int]) -> Bool {
    // Those ports for which a rule matches any address.
    let anywhere = Set(rules.filter { $0.address == nil })
    var last: [Selection: Int] = [:]
    for (rule, position) in zip(rules, oldPositions) where !rule.isOpen {
      let key = anywhere.contains(rule.anywhere) ? rule.anywhere : rule
      if let before = last.updateValue(position, forKey: key), before > position { return false }
    }
    return true
  }
}

extension ChainDifference {
  /// The rules that both versions of the chain have, in the new order.
  func commonRules(_ old: RuleList, _ new: RuleList) -> [Move] {
    var rules: [Move] = []
    forEachCommonRun(oldCount: old.count, newCount: new.count) { run in
      rules += (0..<run.count).map { Move(from: run.from + $0, to: run.to + $0) }
    }
    return rules.sorted { $0.to < $1.to }
  }
}
