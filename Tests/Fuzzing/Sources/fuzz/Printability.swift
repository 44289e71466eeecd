@testable import Netfilter

/// How much of a rule its text holds: iptables-save prints some things as nobody can read them.
enum Printability {
  /// Whether a name that is printed without quotes is one word.
  static func isPlain(_ name: [UInt8]) -> Bool {
    guard let first = name.first, first != UInt8(ascii: "!"), first != UInt8(ascii: "-") else {
      return false
    }
    return name.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") }
  }

  /// The table without what can't be read again.
  static func readablePart(of table: TableSnapshot) -> TableSnapshot {
    let content = table.content
    var (counters, policyCounters): ([Counter], [Counter]) = ([], [])
    var policies = table.policyCounters[...]
    var chains: [Chain] = []
    for (index, chain) in content.chains.enumerated() {
      let policyCounter = chain.isBuiltIn ? policies.popFirst() : nil
      guard isPlain(chain.name.bytes) else { continue }
      if let policyCounter { policyCounters.append(policyCounter) }
      var rules = RuleList()
      for (position, rule) in chain.rules.enumerated() where isReadable(rule) {
        rules.append(rule)
        counters.append(table.counters[content.firstRules[index] + position])
      }
      chains.append(Chain(name: chain.name, policy: chain.policy, rules: rules))
    }
    return TableSnapshot(
      content: TableContent(family: content.family, name: content.name, chains: chains),
      counters: counters, policyCounters: policyCounters)
  }

  /// Whether the text can be read at all.
  private static func isReadable(_ rule: Rule) -> Bool {
    rule.matches.allSatisfy(isReadable) && isReadable(rule.target)
  }

  private static func isReadable(_ match: Match) -> Bool {
    switch match {
    case .inputInterface(let match), .outputInterface(let match):
      return match.name.bytes.isEmpty || isPlain(match.name.bytes)
    // A comment is not longer in the kernel; how far an open quote may reach follows from that.
    case .comment(let text): return text.bytes.count <= 255
    case .accounting(let name): return !name.bytes.isEmpty && !name.bytes.contains(0x0a)
    // libxt_recent prints large numbers as negative ones.
    case .recent(let match):
      return isPlain(match.name.bytes) && match.seconds < 1 << 31 && match.hitCount < 1 << 31
    // Kept as they stand in the line, and maybe put together of several places.
    case .unrecognised: return false
    case .limit(let match): return match.average > 0
    case .multiport(let match): return !match.ports.isEmpty
    // Names of no bit are no word.
    case .connectionTracking(let match): return match.matchFlags & 1 == 0 || match.states != 0
    default: return true
    }
  }

  private static func isReadable(_ target: Target) -> Bool {
    switch target {
    case .jump(let name), .goto(let name): isPlain(name.bytes)
    case .unrecognised: false
    default: true
    }
  }

  /// Whether the text tells all of the rule.
  static func isExact(_ rule: Rule) -> Bool { rule.matches.allSatisfy(isExact) }

  private static func isExact(_ match: Match) -> Bool {
    switch match {
    case .inputInterface(let match), .outputInterface(let match):
      return !(match.isPrefix && match.name.bytes.isEmpty)
    case .protocol(let match): return match.number != 0
    case .tcp(let match):
      return !match.source.isInvertedAll && !match.destination.isInvertedAll
        && (match.flagMask != 0 || match.flagsInverted || match.flagsSet == 0)
    case .udp(let match): return !match.source.isInvertedAll && !match.destination.isInvertedAll
    // The rate is rounded, and a recent match's flags may be none.
    case .limit, .recent, .connectionTracking, .addressType: return false
    default: return true
    }
  }
}

extension PortRange {
  fileprivate var isInvertedAll: Bool { inverted && first == 0 && last == .max }
}
