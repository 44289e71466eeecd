internal import KubeProxy
internal import Netfilter

/// New connections by service port, summed over readings so that the sum never falls.
///
/// The kernel's counter of a DNAT rule restarts when kube-proxy writes the rule again. A counter that
/// is lower than at the last reading has restarted, and what it says now came since; what came
/// between the last reading and the restart can't be known.
struct ConnectionTotals: Sendable {
  /// For each of the map's services, in its order.
  private(set) var current: [UInt64] = []
  /// The sums of all service ports that were ever seen, as of the last change of the map.
  private var totals: [ServicePort: UInt64] = [:]

  /// A nat table's counters, with the interpretation that tells whose they are.
  struct Side {
    let map: ServiceMap
    let nat: TableSnapshot?
  }

  /// Takes in a reading; `old` is the one before, whose map the new one was made from.
  mutating func update(from old: Side?, to new: Side) {
    if old?.map !== new.map { realign(from: old?.map, to: new.map) }
    guard let nat = new.nat else { return }
    let former = formerCounts(old, new)
    for (index, rule) in new.map.connectionRules.enumerated() {
      let packets = nat.counters[rule.rule].packets
      let before = former[index]
      current[Int(rule.service)] &+= packets >= before ? packets - before : packets
    }
  }

  /// For each rule that counts, what it said at the last reading; 0 where it did not exist.
  private func formerCounts(_ old: Side?, _ new: Side) -> [UInt64] {
    let rules = new.map.connectionRules
    guard let old, let oldNat = old.nat, let nat = new.nat else {
      return Array(repeating: 0, count: rules.count)
    }
    if oldNat.content === nat.content {
      return rules.map { oldNat.counters[$0.rule].packets }
    }
    // The maps' own account of which chain stood where; in a chain, the k-th that counts is the k-th.
    let formerChains = new.map.formerChainPositions
    let firstOfChain = Self.firstRules(of: old.map.connectionRules, chains: oldNat.content)
    var lastChain = -1
    var ordinal = 0
    return rules.map { rule in
      ordinal = rule.chain == lastChain ? ordinal + 1 : 0
      lastChain = rule.chain
      let formerChain = Int(formerChains[rule.chain])
      guard formerChain >= 0, firstOfChain[formerChain] >= 0 else { return 0 }
      let position = Int(firstOfChain[formerChain]) + ordinal
      guard position < old.map.connectionRules.count,
        old.map.connectionRules[position].chain == formerChain
      else { return 0 }
      return oldNat.counters[old.map.connectionRules[position].rule].packets
    }
  }

  /// For each chain, the index of its first rule that counts; -1 where none does.
  private static func firstRules(
    of rules: [ServiceMap.ConnectionRule], chains content: TableContent
  ) -> [Int32] {
    var first = [Int32](repeating: -1, count: content.chains.count)
    for (index, rule) in rules.enumerated() where first[rule.chain] < 0 {
      first[rule.chain] = Int32(index)
    }
    return first
  }

  private mutating func realign(from old: ServiceMap?, to new: ServiceMap) {
    for (service, sum) in zip(old?.services ?? [], current) { totals[service.port] = sum }
    if totals.count > new.services.count + Self.rememberedServices {
      let present = Set(new.services.lazy.map(\.port))
      totals = totals.filter { present.contains($0.key) }
    }
    current = new.services.map { totals[$0.port] ?? 0 }
  }

  /// How many service ports that are gone are remembered, should they come back.
  static let rememberedServices = 10_000
}
