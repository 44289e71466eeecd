internal import Netfilter
internal import PacketWalk

/// Where packets of a kind end, and how many of them where.
struct PacketEnds {
  /// Packets that end in the same way: delivered to one destination, or stopped by one rule.
  struct Fate {
    let end: WalkEnd
    let destination: SocketAddress
    /// The rule that translates the destination.
    let translation: RuleAddress?
    /// The rule that keeps them from nat, because it leaves them untracked.
    let untracking: RuleAddress?
    /// Whether rules let packets through that nobody gets.
    let isLost: Bool
    /// The rules that rewrite the source of some, and whether it is kept of others.
    fileprivate(set) var rewriting: [RuleAddress] = []
    fileprivate(set) var isSourceKept = false
    fileprivate(set) var branches: [Branch]

    var isDelivered: Bool { end.isDelivered && !isLost }

    /// The rules that translate and stop them.
    var rules: [RuleAddress] { [translation, end.rule].compactMap(\.self) }

    /// Whether packets come to it without anything that isn't known.
    var isCertain: Bool { branches.contains { $0.assumptions.isEmpty } }

    /// Of all packets, if all that is assumed holds.
    var share: Double {
      var certain = 0.0
      var assumed: [[Assumption]: Double] = [:]
      for branch in branches {
        if branch.assumptions.isEmpty {
          certain += branch.odds
        } else {
          assumed[branch.assumptions, default: 0] += branch.odds
        }
      }
      return min(1, certain + (assumed.values.max() ?? 0))
    }
  }

  enum Verdict: String {
    case delivered
    case notDelivered = "not_delivered"
    case depends
  }

  /// The likeliest first, then by address.
  let fates: [Fate]
  let verdict: Verdict
  /// The rules that decide and can't be told, in the order of the way.
  let undecided: [RuleAddress]
  /// Those that decide where delivered packets are sent.
  let undecidedDestination: [RuleAddress]
  /// Those that decide whether the source is rewritten.
  let undecidedSource: [RuleAddress]

  /// - Parameter needsTranslation: Whether a packet that isn't translated reaches nobody. A packet that skips nat
  ///   and is delivered on the node does reach somebody.
  init(_ walk: Walk, needsTranslation: Bool) {
    fates = Self.fates(of: walk, needsTranslation)
    let places = Dictionary(
      walk.steps.enumerated().map { ($1.rule, $0) }, uniquingKeysWith: { first, _ in first })
    func ordered(_ rules: some Sequence<RuleAddress>) -> [RuleAddress] {
      Set(rules).sorted { places[$0] ?? 0 < places[$1] ?? 0 }
    }
    func rules(_ lists: [[Assumption]]) -> [RuleAddress] {
      ordered(Self.simplified(lists).joined().map(\.rule))
    }
    let others = fates.filter { !$0.isDelivered }
    if others.isEmpty {
      verdict = .delivered
    } else if others.allSatisfy(\.isStopped), others.count == fates.count {
      verdict = .notDelivered
    } else {
      verdict = others.contains { $0.isStopped && $0.isCertain } ? .notDelivered : .depends
    }
    // If no packet is delivered for certain, the rules decide whose effect is unknown.
    let unknown = fates.count == others.count ? others.filter { !$0.isStopped } : []
    undecided =
      unknown.isEmpty
      ? rules(others.flatMap { $0.branches.map(\.assumptions) })
      : ordered(
        rules(unknown.flatMap { $0.branches.map(\.assumptions) })
          + unknown.compactMap(\.end.rule))
    undecidedSource = rules(
      walk.outcomes.filter { $0.state.sourceRule != nil && $0.end.isDelivered }
        .flatMap { $0.branches.map(\.assumptions) })
    let delivered = fates.filter(\.isDelivered)
    // Without conditions the shares are all there is.
    undecidedDestination =
      delivered.reduce(0) { $0 + $1.share } < 1.001
      ? []
      : ordered(
        delivered.flatMap { Self.simplified($0.branches.map(\.assumptions)) }.joined().map(\.rule))
  }

  private static func fates(of walk: Walk, _ needsTranslation: Bool) -> [Fate] {
    var fates: [Fate] = []
    var indices: [Key: Int] = [:]
    for outcome in walk.outcomes {
      let state = outcome.state
      let destination = SocketAddress(
        address: state.packet.destination, port: state.packet.destinationPort)
      let isForNode = outcome.end == .deliveredHere && state.untrackingRule != nil
      let isLost =
        needsTranslation && outcome.end.isDelivered && state.destinationRule == nil && !isForNode
      let key = Key(
        end: outcome.end, destination: destination, untracking: state.untrackingRule, isLost: isLost
      )
      let index = indices[key] ?? fates.count
      if index == fates.count {
        indices[key] = index
        fates.append(
          Fate(
            end: outcome.end, destination: destination, translation: state.destinationRule,
            untracking: state.untrackingRule, isLost: isLost, branches: []))
      }
      fates[index].branches += outcome.branches
      if let rule = state.sourceRule {
        if !fates[index].rewriting.contains(rule) { fates[index].rewriting.append(rule) }
      } else {
        fates[index].isSourceKept = true
      }
    }
    fates.sort()
    return fates
  }

  var delivered: [Fate] { fates.filter(\.isDelivered) }

  private struct Key: Hashable {
    let end: WalkEnd
    let destination: SocketAddress
    let untracking: RuleAddress?
    let isLost: Bool
  }

  /// The same alternatives without what doesn't matter in them: two that differ in one rule only, which
  /// matches or doesn't, are one without that rule.
  private static func simplified(_ lists: [[Assumption]]) -> [[Assumption]] {
    var sets = Array(Set(lists.map { Set($0) }))
    // With more there would be too many pairs.
    guard sets.count <= 64 else { return lists }
    var index = 0
    search: while index < sets.count {
      for other in sets.indices.dropFirst(index + 1) {
        let difference = sets[index].symmetricDifference(sets[other])
        guard difference.count == 2, Set(difference.map(\.rule)).count == 1 else { continue }
        let common = sets[index].intersection(sets[other])
        sets.remove(at: other)
        sets.remove(at: index)
        if !sets.contains(common) { sets.append(common) }
        index = 0
        continue search
      }
      index += 1
    }
    // What holds under fewer conditions holds under more.
    let minimal = sets.filter { set in !sets.contains { $0.isStrictSubset(of: set) } }
    return minimal.map(Array.init)
  }
}

extension PacketEnds.Fate {
  /// Whether it is known that nobody gets the packets.
  var isStopped: Bool {
    switch end {
    case .dropped, .rejected, .droppedByPolicy: true
    case .deliveredHere, .sent: isLost
    case .undetermined, .loop, .tooLong: false
    }
  }

  /// By what fates are ordered: what is delivered first, then the likeliest, then by address and rule.
  fileprivate var order: [UInt64] {
    // Shares that differ by iptables' rounding are the same.
    let rank = Int((share * 10_000).rounded())
    let (address, place) = (destination.address, end.place)
    return [
      isDelivered ? 0 : 1, UInt64(10_000 - rank), address.high, address.low,
      UInt64(destination.port ?? 0), UInt64(place.0), UInt64(place.1),
    ]
  }
}

extension WalkEnd {
  /// The rule that ends the way; nil where it isn't one.
  var rule: RuleAddress? {
    switch self {
    case .dropped(let rule), .rejected(let rule), .undetermined(let rule), .loop(let rule),
      .tooLong(let rule):
      rule
    case .deliveredHere, .sent, .droppedByPolicy: nil
    }
  }

  /// A number by which ends are ordered.
  fileprivate var place: (Int, Int) {
    switch self {
    case .deliveredHere: (0, 0)
    case .sent: (0, 1)
    case .droppedByPolicy(_, let chain): (1 << 32, chain)
    case .dropped, .rejected, .undetermined, .loop, .tooLong:
      (1 + (rule?.chain ?? 0), rule?.position ?? 0)
    }
  }
}

extension [PacketEnds.Fate] {
  fileprivate mutating func sort() {
    self = map { (key: $0.order, fate: $0) }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.fate)
  }
}
