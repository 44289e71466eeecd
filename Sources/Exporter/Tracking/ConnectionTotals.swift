internal import KubeProxy
internal import Netfilter

/// New connections by service port, summed over readings so that the sum never falls.
///
/// The kernel's counters of a DNAT rule restart when kube-proxy writes the rule again. Where packets
/// or bytes are fewer than at the last reading they have restarted, and what they say now came since;
/// what came between the last reading and the restart can't be known, nor that there was one where
/// both have risen beyond what they were.
struct ConnectionTotals: Sendable {
  /// For each of the map's services, in its order.
  private(set) var current: [UInt64] = []
  /// The last reading's map, and what each of its connection rules counted.
  private var last: (map: ServiceMap, counters: [Counter])?
  /// The sums of all service ports that were ever seen, as of the last change of the map.
  private var totals: [ServicePort: UInt64] = [:]

  /// Takes in a reading.
  ///
  /// - Parameter map: the last reading's map, or one that was made from it.
  mutating func update(map: ServiceMap, nat: TableSnapshot?) {
    let former = formerCounters(map)
    if last?.map !== map { realign(to: map) }
    let counters = map.connectionRules.map { nat?.counters[Int($0.rule)] ?? Counter() }
    for (index, rule) in map.connectionRules.enumerated() {
      let (before, now) = (former[index], counters[index])
      let hasRestarted = now.packets < before.packets || now.bytes < before.bytes
      current[Int(rule.service)] &+= hasRestarted ? now.packets : now.packets - before.packets
    }
    last = (map, counters)
  }

  /// For each rule that counts, what it said at the last reading; 0 where it did not exist.
  ///
  /// The maps tell which chain stood where; in a chain, the k-th rule that counts is the k-th.
  private func formerCounters(_ map: ServiceMap) -> [Counter] {
    guard let last else { return Array(repeating: Counter(), count: map.connectionRules.count) }
    if last.map === map { return last.counters }
    let oldRules = last.map.connectionRules
    let firstOfChain = Self.firstRules(oldRules)
    var lastChain: Int32 = -1
    var ordinal = 0
    return map.connectionRules.map { rule in
      ordinal = rule.chain == lastChain ? ordinal + 1 : 0
      lastChain = rule.chain
      let formerChain = map.formerChainPositions[Int(rule.chain)]
      guard formerChain >= 0, Int(formerChain) < firstOfChain.count,
        firstOfChain[Int(formerChain)] >= 0
      else { return Counter() }
      let position = Int(firstOfChain[Int(formerChain)]) + ordinal
      guard position < oldRules.count, oldRules[position].chain == formerChain else {
        return Counter()
      }
      return last.counters[position]
    }
  }

  /// For each chain up to the last that has one, the index of its first rule that counts; -1 where
  /// none does.
  private static func firstRules(_ rules: [ServiceMap.ConnectionRule]) -> [Int32] {
    var first = [Int32](repeating: -1, count: Int(rules.map(\.chain).max() ?? -1) + 1)
    for (index, rule) in rules.enumerated() where first[Int(rule.chain)] < 0 {
      first[Int(rule.chain)] = Int32(index)
    }
    return first
  }

  private mutating func realign(to map: ServiceMap) {
    for (service, sum) in zip(last?.map.services ?? [], current) { totals[service.port] = sum }
    if totals.count > map.services.count + Self.rememberedServices {
      let present = Set(map.services.lazy.map(\.port))
      totals = totals.filter { present.contains($0.key) }
    }
    current = map.services.map { totals[$0.port] ?? 0 }
  }

  /// How many service ports that are gone are remembered, should they come back.
  static let rememberedServices = 10_000
}
