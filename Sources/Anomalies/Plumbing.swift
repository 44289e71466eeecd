internal import KubeProxy
internal import Netfilter

/// What is wrong with the chains that mark, masquerade and accept for all services.
///
/// What they hold by version:
///
///     KUBE-MARK-MASQ     -j MARK --set-xmark 0x4000/0x4000
///     KUBE-POSTROUTING   -m mark --mark 0x4000/0x4000 -j MASQUERADE                (to 1.18)
///     KUBE-POSTROUTING   -m mark ! --mark 0x4000/0x4000 -j RETURN                  (1.19 on)
///                        -j MARK --set-xmark 0x4000/0x0
///                        -j MASQUERADE --random-fully
///     KUBE-FORWARD       -m mark --mark 0x4000/0x4000 -j ACCEPT
///
/// Which bit it is, is configured (`--iptables-masquerade-bit`).
struct Plumbing {
  private let content: TableContent

  /// The faults of nat's or filter's chains, where there are services that need them.
  static func findings(in content: TableContent) -> [Finding] {
    guard let services = content.chainIndex(of: .kubeServices) else { return [] }
    let plumbing = Plumbing(content: content)
    switch content.name {
    // Without rules for services nobody jumps to them.
    case .nat where !content.chains[services].rules.isEmpty:
      return [plumbing.marking, plumbing.masquerading].compactMap(\.self)
    case .filter: return [plumbing.accepting].compactMap(\.self)
    default: return []
    }
  }

  private var marking: Finding? {
    guard let chain = content.chainIndex(of: .kubeMarkMasq) else { return nil }
    let walk = PlumbingWalk(content.chains[chain].rules, for: "MARK")
    let consequence =
      "connections from outside, and those of a pod to itself through a service, keep their source, and "
      + "answers don't come back"
    return finding(walk, chain, lacks: "no longer marks what is to be masqueraded", consequence)
  }

  private var masquerading: Finding? {
    guard let chain = content.chainIndex(of: .kubePostrouting) else { return nil }
    let walk = PlumbingWalk(content.chains[chain].rules, for: "MASQUERADE")
    if let fault = finding(
      walk, chain, lacks: "no longer masquerades marked packets",
      "answers to connections from outside, and to a pod's own, don't come back")
    {
      return fault
    }
    let name = content.chains[chain].name
    if !walk.isGuarded, let position = walk.found {
      return content.finding(
        .plumbingBroken, chain: chain, [position],
        "rule \(position + 1) of \(name) masquerades every packet, not only marked ones: all that leaves "
          + "the node gets its address")
    }
    return marksApart(walk, chain)
  }

  /// The fault that KUBE-POSTROUTING looks for another mark than KUBE-MARK-MASQ sets.
  private func marksApart(_ walk: PlumbingWalk, _ chain: Int) -> Finding? {
    guard let source = content.chainIndex(of: .kubeMarkMasq),
      let asked = walk.mark,
      let set = PlumbingWalk(content.chains[source].rules, for: "MARK").setMark,
      set & asked != asked, let position = walk.found
    else { return nil }
    return content.finding(
      .plumbingBroken, chain: chain, [position], also: [content.chains[source].name],
      "KUBE-MARK-MASQ sets the mark 0x\(String(set, radix: 16)), and KUBE-POSTROUTING masquerades "
        + "0x\(String(asked, radix: 16)): nothing is masqueraded")
  }

  private var accepting: Finding? {
    guard let chain = content.chainIndex(of: .kubeForward) else { return nil }
    let rules = content.chains[chain].rules
    let walk = PlumbingWalk(rules, for: "ACCEPT", mustAskForMark: true)
    // One that drops or accepts everything before is a fault of its own.
    if walk.found == nil, let ending = walk.ending, rules.unguardedTarget(at: ending) != .returns {
      return nil
    }
    return finding(
      walk, chain, lacks: "no longer accepts marked packets",
      "where FORWARD drops what nothing accepts, connections from outside to pods of other nodes fail"
    )
  }

  private func finding(
    _ walk: PlumbingWalk, _ chain: Int, lacks: String, _ consequence: String
  ) -> Finding? {
    guard walk.found == nil else { return nil }
    let rules = content.chains[chain].rules
    let name = content.chains[chain].name
    let because =
      if let ending = walk.ending {
        ", because no packet gets past its rule \(ending + 1)"
      } else {
        rules.isEmpty ? ", because it is empty" : ""
      }
    return content.finding(
      .plumbingBroken, chain: chain, walk.ending.map { [$0] } ?? Array(rules.indices),
      "\(name) \(lacks)\(because): \(consequence)")
  }
}

/// What a packet meets in one of these chains on the way to the rule that does the work.
private struct PlumbingWalk {
  /// The rule that does the work; nil where no packet comes to one.
  private(set) var found: Int?
  /// The rule that no packet gets past, before such a rule.
  private(set) var ending: Int?
  /// Whether only packets of some mark come to it.
  private(set) var isGuarded = false
  /// The mark that they have.
  private(set) var mark: UInt32?
  /// The mark that the rule sets.
  private(set) var setMark: UInt32?

  /// - Parameter mustAskForMark: whether only a rule counts that is for marked packets.
  init(_ rules: RuleList, for target: String, mustAskForMark: Bool = false) {
    for position in rules.indices {
      let rule = MarkedRule(rules[position])
      if rule.target == target, !mustAskForMark || rule.mark != nil || !rule.isKnown {
        found = position
        setMark = rule.setMark
        if rule.hasConditions {
          isGuarded = true
          if !rule.isInverted { mark = rule.mark }
        }
        return
      }
      if rules.unguardedTarget(at: position) != nil {
        ending = position
        return
      }
      if rule.target == "RETURN", rule.hasConditions {
        isGuarded = true
        if rule.isInverted { mark = rule.mark }
      }
    }
  }
}

/// What a rule asks of a packet's mark, and what it does.
private struct MarkedRule {
  private(set) var target = ""
  private(set) var mark: UInt32?
  private(set) var setMark: UInt32?
  private(set) var isInverted = false
  private(set) var hasConditions = false
  /// Whether all that it asks is understood.
  private(set) var isKnown = true

  init(_ rule: Rule) {
    rule.forEachElement { element, line, owner in
      switch element.kind {
      case .selector: hasConditions = true
      case .match: if !line.isText("comment", owner) { hasConditions = true }
      case .option where line.isText("--mark", element.name):
        mark = line.mark(in: element.value)
        isInverted = element.isInverted
      case .option where line.isText("--set-xmark", element.name):
        setMark = line.mark(in: element.value)
      case .option:
        // `[unsupported revision]`, or the digest of what isn't known.
        if element.name.isEmpty { isKnown = false }
      case .target, .goto:
        target = String(decoding: line.bytes(in: element.name), as: UTF8.self)
      }
    }
  }
}

extension Span<UInt8> {
  /// The value of a mark, under its mask.
  fileprivate func mark(in range: Range<Int>) -> UInt32? {
    MaskedMark(String(decoding: bytes(in: range), as: UTF8.self)).map { $0.value & $0.mask }
  }
}
