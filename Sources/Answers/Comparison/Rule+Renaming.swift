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
    replacing { element, line, owner in
      guard let words = line.nameWords(element, of: owner) else { return nil }
      return (words, line.bytes(in: words).renaming(names))
    }
  }

  /// Whether it names one of the chains.
  func names(anyOf names: [ChainName: ChainName]) -> Bool {
    var found = false
    forEachElement { element, line, owner in
      guard !found, let words = line.nameWords(element, of: owner) else { return }
      found = line.bytes(in: words).words.contains { names[word: $0] != nil }
    }
    return found
  }
}

extension Span<UInt8> {
  /// Where words stand that may be chains' names.
  fileprivate func nameWords(_ element: LineElement, of owner: Range<Int>) -> Range<Int>? {
    switch element.kind {
    case .target, .goto: element.name
    case .option where isText("--comment", element.name) && isText("comment", owner): element.value
    case .option where isText("--name", element.name) && isText("recent", owner): element.value
    case .selector, .match, .option: nil
    }
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
