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

  private struct RuleKey: Hashable {
    let chain: ChainName
    /// The rule is the chain's so-manieth that counts.
    let ordinal: Int
  }

  /// Takes in a reading; `old` is the one before.
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
    var former: [RuleKey: UInt64] = [:]
    former.reserveCapacity(old.map.connectionRules.count)
    for (key, rule) in Self.keys(old.map.connectionRules, in: oldNat.content) {
      former[key] = oldNat.counters[rule.rule].packets
    }
    return Self.keys(rules, in: nat.content).map { former[$0.key] ?? 0 }
  }

  private static func keys(
    _ rules: [ServiceMap.ConnectionRule], in content: TableContent
  ) -> [(key: RuleKey, rule: ServiceMap.ConnectionRule)] {
    var lastChain = -1
    var ordinal = 0
    return rules.map { rule in
      ordinal = rule.chain == lastChain ? ordinal + 1 : 0
      lastChain = rule.chain
      return (RuleKey(chain: content.chains[rule.chain].name, ordinal: ordinal), rule)
    }
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
