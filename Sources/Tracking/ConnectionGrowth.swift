internal import KubeProxy
internal import Netfilter

/// New connections between two readings: what the rules that translate the destination have counted,
/// as ``CounterGrowth`` computes it.
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
  ///   - pairing: Of the chains of nat; nil where nat did not change.
  static func between(_ old: Side?, _ new: Side, _ pairing: ChainPairing?) -> [UInt64] {
    let rules = new.map.connectionRules
    guard let nat = new.nat else { return Array(repeating: 0, count: rules.count) }
    guard let old, let former = old.nat else {
      return rules.map { nat.counters[Int($0.rule)].packets }
    }
    let growth = CounterGrowth(from: former, to: nat)
    guard let pairing else {
      return rules.map { growth.counted(from: Int($0.rule), to: Int($0.rule)).packets }
    }
    var rulePairing = ConnectionRulePairing(
      of: old.map.connectionRules, from: former, to: nat, pairing)
    return rules.map { rule in
      guard let position = rulePairing.former(of: rule) else {
        return nat.counters[Int(rule.rule)].packets
      }
      return growth.counted(from: position, to: Int(rule.rule)).packets
    }
  }
}

/// Finds for each rule that counts connections where it stood at the former reading, or what stood in
/// its place.
///
/// In a chain, a rule is the one with the same handle. If there is none, the k-th rule that counts is the k-th of
/// the former chain.
private struct ConnectionRulePairing {
  private let chains: ChainPairing
  private let handles: [UInt64]
  private let oldHandles: [UInt64]
  /// They stand in the order of nat's chains.
  private let oldRules: [ServiceMap.ConnectionRule]
  /// For each old chain, the first of them.
  private var firstRules: [OptionalIndex]
  /// Where each handle stood, once somebody needed to know.
  private var positions: [UInt64: Int]?
  private var last: (chain: Int32, ordinal: Int)?

  init(
    of oldRules: [ServiceMap.ConnectionRule], from old: TableSnapshot, to new: TableSnapshot,
    _ pairing: ChainPairing
  ) {
    chains = pairing
    handles = new.handles
    oldHandles = old.handles
    self.oldRules = oldRules
    firstRules = Array(repeating: .none, count: old.content.chains.count)
    for index in oldRules.indices.reversed() {
      firstRules[Int(oldRules[index].chain)] = OptionalIndex(index)
    }
  }

  /// The former position in nat of a rule or of its predecessor; nil where there was none. To be asked
  /// for each of the map's rules in their order.
  mutating func former(of rule: ServiceMap.ConnectionRule) -> Int? {
    let ordinal = last?.chain == rule.chain ? (last?.ordinal ?? 0) + 1 : 0
    last = (rule.chain, ordinal)
    guard let chain = chains.former(of: Int(rule.chain)), let first = firstRules[chain].index
    else { return nil }
    let predecessor = oldRule(at: first + ordinal, of: chain)
    guard !handles.isEmpty, !oldHandles.isEmpty else { return predecessor }
    let handle = handles[Int(rule.rule)]
    if let predecessor, oldHandles[predecessor] == handle { return predecessor }
    // Nearly every chain has had one such rule; in the others it may have gone up or down.
    if ordinal == 0, oldRule(at: first + 1, of: chain) == nil { return predecessor }
    return position(of: handle) ?? predecessor
  }

  private func oldRule(at index: Int, of chain: Int) -> Int? {
    guard index < oldRules.count, oldRules[index].chain == chain else { return nil }
    return Int(oldRules[index].rule)
  }

  private mutating func position(of handle: UInt64) -> Int? {
    if let positions { return positions[handle] }
    let positions = Dictionary(
      oldRules.map { (oldHandles[Int($0.rule)], Int($0.rule)) },
      uniquingKeysWith: { first, _ in first })
    self.positions = positions
    return positions[handle]
  }
}

/// What a rule has counted between two readings of its table.
///
/// The kernel's counters of a rule start at 0 again when the rule is written again. Such a rule has another
/// handle. Where the backend has no handles, its packets or bytes are lower than before. Its counters then
/// are its growth. What it counted between the former reading and the new start is lost. Without handles a
/// new start goes unseen where both counters have risen beyond their old values.
struct CounterGrowth {
  private let old: TableSnapshot
  private let new: TableSnapshot
  private let hasHandles: Bool

  init(from old: TableSnapshot, to new: TableSnapshot) {
    self.old = old
    self.new = new
    hasHandles = !old.handles.isEmpty && !new.handles.isEmpty
  }

  /// Whether a rule was written again, where it was or where its predecessor stood.
  @inline(__always)
  func isRewritten(from oldRule: Int, to newRule: Int) -> Bool {
    hasHandles
      ? old.handles[oldRule] != new.handles[newRule]
      : new.counters[newRule].hasFallen(from: old.counters[oldRule])
  }

  /// Whether any rule was, where all stand where they stood.
  var isAnyRewritten: Bool {
    if hasHandles { return old.handles != new.handles }
    return new.counters.indices.contains { isRewritten(from: $0, to: $0) }
  }

  /// What a rule has counted since the former reading.
  @inline(__always)
  func counted(from oldRule: Int, to newRule: Int) -> Counter {
    let (before, now) = (old.counters[oldRule], new.counters[newRule])
    if isRewritten(from: oldRule, to: newRule) || now.hasFallen(from: before) {
      // Rules that were written with their counters, as by `iptables-restore -c`, go on.
      return now == before ? Counter() : now
    }
    return Counter(packets: now.packets - before.packets, bytes: now.bytes - before.bytes)
  }
}

extension Counter {
  /// Whether it says less than before: then it has started again.
  func hasFallen(from before: Counter) -> Bool {
    packets < before.packets || bytes < before.bytes
  }

  static func += (sum: inout Counter, more: Counter) {
    sum.packets &+= more.packets
    sum.bytes &+= more.bytes
  }
}
