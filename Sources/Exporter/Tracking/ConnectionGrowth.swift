internal import KubeProxy
internal import Netfilter

/// New connections by service port between two readings.
///
/// The kernel's counters of a DNAT rule start again when kube-proxy writes the rule again. A rule's
/// handle tells that; where the backend has none, packets or bytes that fell do. What the counters of
/// such a rule say came since. What came between the former reading and the new start can't be known;
/// nor, without handles, that there was one where both have risen beyond what they were.
enum ConnectionGrowth {
  /// A reading's interpretation, and the counters that go with it.
  struct Side {
    let map: ServiceMap
    let nat: TableSnapshot?
  }

  /// The new connections of each service port of the new reading.
  ///
  /// - Parameters:
  ///   - old: The former reading; nil where there was none: then all that was counted is new.
  ///   - new: One whose map is the former's, or was made from it.
  static func between(_ old: Side?, _ new: Side) -> [UInt64] {
    var growth = [UInt64](repeating: 0, count: new.map.services.count)
    guard let nat = new.nat else { return growth }
    if let old, old.map === new.map, let former = old.nat {
      for rule in new.map.connectionRules {
        growth[Int(rule.service)] &+= grown(Int(rule.rule), of: former, Int(rule.rule), of: nat)
      }
      return growth
    }
    var pairing = ConnectionRulePairing(from: old, to: new.map, handles: nat.handles)
    for rule in new.map.connectionRules {
      let now = nat.counters[Int(rule.rule)].packets
      if let former = pairing.former(of: rule), let oldNAT = old?.nat {
        growth[Int(rule.service)] &+= grown(former, of: oldNAT, Int(rule.rule), of: nat)
      } else {
        growth[Int(rule.service)] &+= now
      }
    }
    return growth
  }

  /// What a rule has counted since the former reading, where it was or where its predecessor stood.
  private static func grown(
    _ oldRule: Int, of oldNAT: TableSnapshot, _ newRule: Int, of newNAT: TableSnapshot
  ) -> UInt64 {
    let (before, now) = (oldNAT.counters[oldRule], newNAT.counters[newRule])
    if !oldNAT.handles.isEmpty, !newNAT.handles.isEmpty,
      oldNAT.handles[oldRule] != newNAT.handles[newRule]
    {
      // Rules that were written with their counters, as by `iptables-restore -c`, go on.
      return now == before ? 0 : now.packets
    }
    return now.hasFallen(from: before) ? now.packets : now.packets - before.packets
  }
}

extension Counter {
  /// Whether it says less than before: then it has started again.
  func hasFallen(from before: Counter) -> Bool {
    packets < before.packets || bytes < before.bytes
  }
}
