internal import Netfilter

extension RuleList {
  /// The rules with other names of chains; the same list where none is named.
  func renaming(_ names: [ChainName: ChainName]) -> RuleList {
    guard contains(where: { $0.names(anyOf: names) }) else { return self }
    return RuleList(lazy.map { $0.renaming(names) })
  }
}

extension Rule {
  /// The rule with other names of chains, wherever it has them: where it leads to, in comments (kube-router
  /// writes `… to chain KUBE-POD-FW-…`), and as the name of a `recent` list.
  func renaming(_ names: [ChainName: ChainName]) -> Rule {
    let target: Target =
      switch target {
      case .jump(let name): .jump(names[name] ?? name)
      case .goto(let name): .goto(names[name] ?? name)
      default: self.target
      }
    let matches = matches.map { match -> Match in
      switch match {
      case .comment(let text): .comment(ByteString(bytes: text.bytes.renaming(names)))
      case .recent(let recent): .recent(recent.renaming(names))
      default: match
      }
    }
    return Rule(matches: matches, target: target)
  }

  /// Whether it names one of the chains.
  func names(anyOf names: [ChainName: ChainName]) -> Bool {
    if let chain, names[chain] != nil { return true }
    return matches.contains { match in
      switch match {
      case .comment(let text): text.bytes.words.contains { names[word: $0] != nil }
      case .recent(let recent): names[word: recent.name.bytes[...]] != nil
      default: false
      }
    }
  }
}

extension RecentMatch {
  fileprivate func renaming(_ names: [ChainName: ChainName]) -> RecentMatch {
    RecentMatch(
      name: ByteString(bytes: name.bytes.renaming(names)), flags: flags, seconds: seconds,
      hitCount: hitCount, isDestination: isDestination, mask: mask, inverted: inverted)
  }
}

extension [UInt8] {
  fileprivate var words: [ArraySlice<UInt8>] { split(separator: UInt8(ascii: " ")) }

  /// The text with other words in the places of names.
  fileprivate func renaming(_ names: [ChainName: ChainName]) -> [UInt8] {
    let parts = split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    return Array(
      parts.map { part in names[word: part].map { $0.bytes[...] } ?? part }
        .joined(separator: [UInt8(ascii: " ")]))
  }
}

extension [ChainName: ChainName] {
  fileprivate subscript(word word: ArraySlice<UInt8>) -> ChainName? {
    ChainName(word).flatMap { self[$0] }
  }
}
