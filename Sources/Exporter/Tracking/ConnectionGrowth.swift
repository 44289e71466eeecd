internal import KubeProxy
internal import Netfilter

/// New connections between two readings: what the rules that translate the destination have counted,
/// as ``CounterGrowth`` tells it.
enum ConnectionGrowth {
  /// A reading's interpretation, and the counters that go with it.
  struct Side {
    let map: ServiceMap
    let nat: TableSnapshot?
  }

  /// The new connections of each rule of the new map that counts them.
  ///
  /// - Parameters:
  ///   - old: The former reading; nil where there was none: then all that was counted is new.
  ///   - new: One whose map is the former's, or was made from it.
  static func between(_ old: Side?, _ new: Side) -> [UInt64] {
    let rules = new.map.connectionRules
    guard let nat = new.nat else { return Array(repeating: 0, count: rules.count) }
    guard let old, let former = old.nat else {
      return rules.map { nat.counters[Int($0.rule)].packets }
    }
    let growth = CounterGrowth(from: former, to: nat)
    if old.map === new.map {
      return rules.map { growth.counted(from: Int($0.rule), to: Int($0.rule)).packets }
    }
    var pairing = ConnectionRulePairing(from: old, to: new.map, handles: nat.handles)
    return rules.map { rule in
      guard let position = pairing.former(of: rule) else {
        return nat.counters[Int(rule.rule)].packets
      }
      return growth.counted(from: position, to: Int(rule.rule)).packets
    }
  }
}
