internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// What the rules do with a packet: the answer in one line, the way, and where it ends.
public struct Explanation {
  let ruleset: Ruleset
  let question: PacketQuestion
  let resolved: ResolvedPacket
  private(set) var ends: PacketEnds
  let way: PacketWay
  /// How packets end otherwise if an endpoint is the node itself.
  let alternatives: [Alternative]
  /// What was taken for granted, in sentences.
  let assumptions: [String]
  /// That nat should translate the packet; nil where nothing says so.
  let expected: ExpectedTranslation?
  /// The rules that leave the packet to the external IP that it was sent to; none where that isn't so.
  let passed: [RuleAddress]
  /// Whether clients stay with an endpoint that they had before.
  let hasAffinity: Bool

  /// Follows a packet through a rule set.
  ///
  /// - Throws: ``PacketQuestionError`` where the rule set doesn't have what the question names.
  public init(_ question: PacketQuestion, in ruleset: Ruleset) throws(PacketQuestionError) {
    self.ruleset = ruleset
    self.question = question
    let resolved = try ResolvedPacket(question, in: ruleset)
    self.resolved = resolved
    let decisions = KnownDecisions(resolved)
    let walk = decisions.walk()
    hasAffinity = decisions.hasAffinity
    var expected = ExpectedTranslation(of: resolved)
    passed = expected?.passed(walk, resolved) ?? []
    if !passed.isEmpty { expected = nil }
    self.expected = expected
    if resolved.packet.destinationPort == nil, resolved.transport != .icmp,
      let ports = expected?.servedPorts
    {
      throw PacketQuestionError("DST: \(question.destination.text) is \(ports): name a port")
    }
    let needsTranslation = expected != nil
    func endsOf(_ other: ResolvedPacket) -> PacketEnds {
      PacketEnds(KnownDecisions(other).walk(), needsTranslation: needsTranslation)
    }
    let ends = PacketEnds(walk, needsTranslation: needsTranslation)
    self.ends = ends
    way = PacketWay(walk, ends, resolved)
    let doubts = resolved.doubts.compactMap { doubt -> String? in
      // A service's address is no node's.
      if case .isNodeAddress(resolved.packet.destination) = doubt.kind, needsTranslation {
        return nil
      }
      return endsOf(resolved.doubting(doubt)).isSame(as: ends) ? nil : doubt.assumption
    }
    let endpoints = Self.alternatives(to: ends, walk, resolved) {
      endsOf(resolved.onNode($0))
    }
    alternatives = endpoints.alternatives
    assumptions =
      resolved.assumptions + decisions.assumptions + doubts + endpoints.assumptions
  }

  /// The same for packets that end otherwise.
  func supposing(_ alternative: Alternative) -> Explanation {
    var other = self
    other.ends = alternative.ends
    return other
  }

  /// Whether packets are delivered, whatever the node's addresses are.
  var verdict: PacketEnds.Verdict { alternatives.isEmpty ? ends.verdict : .depends }

  /// 0 where the packet is delivered, 1 where it isn't or not always, 3 where that depends on what rules alone
  /// don't show.
  public var exitStatus: Int32 {
    switch verdict {
    case .delivered: 0
    case .notDelivered: 1
    case .depends: 3
    }
  }

  /// The service port that the packet is for: the one that was asked for, or whose rule translates or stops it.
  var servicePort: ServicePort? {
    resolved.asked ?? ends.fates.lazy.flatMap(\.rules).compactMap(owner).first
  }

  func owner(_ rule: RuleAddress) -> ServicePort? { resolved.side.owner(of: rule) }
}

extension FamilySide {
  func chain(_ table: TableName, _ index: Int) -> Chain? {
    snapshot.table(table)?.content.chains[index]
  }

  /// The rule, and the chain that it stands in.
  func rule(_ rule: RuleAddress) -> (rule: Rule, chain: Chain)? {
    chain(rule.table, rule.chain).map { ($0.rules[rule.position], $0) }
  }

  func owner(of rule: RuleAddress) -> ServicePort? {
    snapshot.table(rule.table).flatMap {
      map.servicePort(ofRule: rule.position, ofChainAt: rule.chain, in: $0.content)
    }
  }
}

extension PacketEnds {
  /// Whether packets end in the same ways.
  func isSame(as other: PacketEnds) -> Bool {
    verdict == other.verdict && fates.count == other.fates.count
      && zip(fates, other.fates).allSatisfy { $0.isSame(as: $1) }
  }
}

extension PacketEnds.Fate {
  /// Whether it is the same end, of the same packets.
  func isSame(as other: PacketEnds.Fate) -> Bool {
    end == other.end && destination == other.destination && isLost == other.isLost
      && rewriting == other.rewriting && isSourceKept == other.isSourceKept
  }
}
