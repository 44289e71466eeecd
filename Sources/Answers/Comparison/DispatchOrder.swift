internal import Churn
internal import Netfilter

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
