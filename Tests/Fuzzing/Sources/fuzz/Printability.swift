import Netfilter

/// How much of a table its text holds: iptables-save prints some things as nobody can read them.
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
        rules.append(line: rule.line)
        counters.append(table.counters[content.firstRules[index] + position])
      }
      chains.append(Chain(name: chain.name, policy: chain.policy, rules: rules))
    }
    return TableSnapshot(
      content: TableContent(family: content.family, name: content.name, chains: chains),
      counters: counters, policyCounters: policyCounters)
  }

  /// Whether the line is made of words, and leads to a chain whose name is one.
  private static func isReadable(_ rule: Rule) -> Bool {
    var isReadable = true
    rule.forEachElement { element, line, owner in
      // A comment is not longer in the kernel; how far an open quote may reach follows from that.
      let isComment = line.isText("comment", owner) && element.value.count <= 255
      let texts = isComment ? [element.name] : [element.name, element.values]
      for text in texts
      where !text.isEmpty
        && !isPlain(line.bytes(in: text).filter { $0 != 0x20 && $0 != 0x2d && $0 != 0x21 } + [0x61])
      {
        isReadable = false
      }
    }
    return isReadable
  }
}
