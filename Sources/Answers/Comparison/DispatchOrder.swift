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
    let common = CommonRules(oldCount: old.count, newCount: new.count, difference)
    let selections = common.newPositions.map { Selection(new, at: $0) }
    isOfNoEffect =
      Self.keepPlace(selections, common.oldPositions)
      && Self.keepOrder(selections, common.oldPositions)
  }

  /// What a rule says of the packets that it matches.
  private struct Selection {
    /// The protocol and the destination port; nil where it leaves either open.
    let service: Service?
    /// The destination; nil where it is not one address.
    let address: IPAddress?

    struct Service: Hashable {
      let ipProtocol: UInt8
      let port: UInt16
    }

    init(_ rules: RuleList, at position: Int) {
      let rule = rules.outline(at: position)
      if let ipProtocol = rule.ipProtocol, let port = rule.destinationPort {
        service = Service(ipProtocol: ipProtocol, port: port)
      } else {
        service = nil
      }
      address = rule.destination.flatMap { $0.isOneAddress ? $0.address : nil }
    }
  }

  /// Whether each rule that may match anything has the same rules before it as it had.
  private static func keepPlace(_ rules: [Selection], _ oldPositions: [Int]) -> Bool {
    let ranks = ranks(of: oldPositions)
    var greatest = -1
    for index in rules.indices {
      if rules[index].service == nil, ranks[index] != index || greatest > ranks[index] {
        return false
      }
      greatest = max(greatest, ranks[index])
    }
    return true
  }

  /// Whether rules that may match the same packets are in the order in which they were.
  private static func keepOrder(_ rules: [Selection], _ oldPositions: [Int]) -> Bool {
    struct Class: Hashable {
      let service: Selection.Service
      let address: IPAddress?
    }
    // Those ports for which a rule matches any address.
    let open = Set(rules.lazy.filter { $0.address == nil }.compactMap(\.service))
    var last: [Class: Int] = [:]
    for (rule, position) in zip(rules, oldPositions) {
      guard let service = rule.service else { continue }
      let key = Class(service: service, address: open.contains(service) ? nil : rule.address)
      if let before = last.updateValue(position, forKey: key), before > position { return false }
    }
    return true
  }

  /// For each of some distinct numbers, how many are less.
  private static func ranks(of numbers: [Int]) -> [Int] {
    var ranks = [Int](repeating: 0, count: numbers.count)
    for (rank, index) in numbers.indices.sorted(by: { numbers[$0] < numbers[$1] }).enumerated() {
      ranks[index] = rank
    }
    return ranks
  }
}

/// The rules that two versions of a chain both have, in the new order.
struct CommonRules {
  /// Where the rules stand in the new version, ascending.
  let newPositions: [Int]
  /// For each of them, where it stands in the old version.
  let oldPositions: [Int]

  init(oldCount: Int, newCount: Int, _ difference: ChainDifference) {
    var former = [Int](repeating: -1, count: newCount)
    difference.forEachCommonRun(oldCount: oldCount, newCount: newCount) { run in
      for offset in 0..<run.count { former[run.to + offset] = run.from + offset }
    }
    newPositions = former.indices.filter { former[$0] >= 0 }
    oldPositions = former.filter { $0 >= 0 }
  }
}
