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
      + [ruleset.other(resolved.side.snapshot)?.assumption].compactMap(\.self)
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

extension FamilySnapshot {
  /// What is taken for granted of the backend that was not asked; nil where it has nothing to say.
  fileprivate var assumption: String? {
    let drops = tables.contains { $0.content.chains.contains { $0.policy == .drop } }
    if ruleCount == 0, !drops { return nil }
    return "the rules of \(backend.rawValue), which packets meet too, leave it alone (--backend)"
  }
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

extension Explanation {
  /// How packets end if an endpoint is the node itself, which is taken for another machine.
  struct Alternative {
    let address: IPAddress
    let ends: PacketEnds
  }

  /// So many endpoints are taken for the node, one after the other. One node is like another to rules.
  private static let mostEndpoints = 4

  /// Where packets end otherwise if an endpoint is the node, and what was taken for granted therefore.
  ///
  /// - Parameters:
  ///   - ends: Where they end if none is.
  ///   - endsIf: Where they end if these addresses are the node's.
  static func alternatives(
    to ends: PacketEnds, _ walk: Walk, _ resolved: ResolvedPacket,
    endsIf: ([IPAddress]) -> PacketEnds
  ) -> (alternatives: [Alternative], assumptions: [String]) {
    let (machines, unclear) = endpointsInDoubt(walk, resolved)
    var (alternatives, assumptions): ([Alternative], [String]) = ([], [])
    for address in machines.prefix(mostEndpoints) {
      let others = endsIf([address])
      if others.isSame(as: ends) { continue }
      assumptions.append("\(address) is taken for another machine's (--node-address)")
      // What depends on rules depends on the address too, and its answer is long enough.
      if others.verdict != ends.verdict, ends.verdict != .depends {
        alternatives.append(Alternative(address: address, ends: others))
      }
    }
    // Most of these are pods. They are worth a word where the answer would be another.
    if !unclear.isEmpty, endsIf(unclear).verdict != ends.verdict {
      let addresses = Wording.list(unclear.map { "\($0)" })
      assumptions.append(
        unclear.count == 1
          ? "\(addresses) is not the node's own address (--node-address)"
          : "none of \(addresses) is the node's own address (--node-address)")
    }
    return (alternatives, assumptions)
  }

  /// The endpoints of a walk that may be the node itself, because nothing shows the node's address.
  ///
  /// - Returns: Those that are machines, and those of which the rules don't show whether they are pods. Machines are
  ///   the API server's, and endpoints outside of the pod network, as pods with `hostNetwork` are.
  private static func endpointsInDoubt(
    _ walk: Walk, _ resolved: ResolvedPacket
  ) -> (machines: [IPAddress], unclear: [IPAddress]) {
    guard resolved.isNodeUnknown, let isPod = PodSearch(resolved.side)?.podTest() else {
      return ([], [])
    }
    let states = walk.outcomes.map(\.state).filter { state in
      !state.isRedirected && !state.hasUnknownDestination
        && state.destinationRule.flatMap(resolved.side.owner) != nil
    }
    let endpoints = Set(states.map(\.packet.destination)).filter { !resolved.node.isLocal($0) }
      .sorted()
    return (endpoints.filter { isPod($0) == false }, endpoints.filter { isPod($0) == nil })
  }
}
