internal import Churn
internal import KubeProxy
internal import Netfilter

/// The chains of a table that went, and came back with the same rules under another name.
///
/// kube-router gives its chains new names at each sync. Rules are the same if they are equal after each old
/// name was replaced by the new one. So a chain is the same although it leads to another chain whose name is
/// new too. The order of the rules doesn't matter here.
struct ChainRenames {
  /// By a chain's old name, the new one.
  private(set) var names: [ChainName: ChainName] = [:]

  init(_ table: TableComparison) {
    let changes = table.difference.changedChains.filter {
      $0.chainChange != nil && Self.mayBeRenamed(table.transition.changedRules(of: $0))
    }
    let (gone, come) = (changes.compactMap(\.oldIndex), changes.compactMap(\.newIndex))
    let (old, new) = (
      gone.map { table.old.content.chains[$0] }, come.map { table.new.content.chains[$0] }
    )
    guard !old.isEmpty, !new.isEmpty else { return }
    let classes = Self.classes(of: old + new)
    pair(
      Dictionary(grouping: old) { classes[$0.name] ?? $0.name },
      Dictionary(grouping: new) { classes[$0.name] ?? $0.name }, in: table)
  }

  /// Whether a chain that came or went may be one with another name. kube-proxy's for services may not, because
  /// their names say whose they are.
  private static func mayBeRenamed(_ rules: ChangedRules) -> Bool {
    switch RuleScope(rules.chain) {
    case .hook, .dispatch: false
    case .system, .other: true
    case .service: rules.owners.allSatisfy { $0 == nil }
    }
  }

  /// What a chain is apart from its name.
  private struct Signature: Hashable {
    let kind: String
    /// How often it has each rule.
    let rules: [Rule: Int]

    init(_ chain: Chain, _ classes: [ChainName: ChainName]) {
      kind = ChainKind.of(chain)
      rules = Dictionary(chain.rules.lazy.map { ($0.renaming(classes), 1) }, uniquingKeysWith: +)
    }
  }

  /// Divides chains, of which no two have the same name, into classes: first by their own rules, then also by
  /// those of the chains that they lead to, and so on until nothing is divided any more.
  ///
  /// - Returns: by chain, a name that those of its class share.
  private static func classes(of chains: [Chain]) -> [ChainName: ChainName] {
    var classes = Dictionary(chains.map { ($0.name, "" as ChainName) }) { $1 }
    var count = 0
    while true {
      var names: [Signature: ChainName] = [:]
      let divided = chains.map { chain in
        let signature = Signature(chain, classes)
        let name = names[signature] ?? ChainName("\u{1}\(names.count)") ?? ""
        names[signature] = name
        return (chain.name, name)
      }
      classes = Dictionary(divided) { $1 }
      if names.count <= count { return classes }
      count = names.count
    }
  }

  /// Pairs the chains of each class. Where a class has several, or they have no rules, those belong together
  /// that the most rules lead to on both sides.
  private mutating func pair(
    _ old: [ChainName: [Chain]], _ new: [ChainName: [Chain]], in table: TableComparison
  ) {
    let changes = table.difference.changedChains
    let (oldChains, newChains) = (table.old.content.chains, table.new.content.chains)
    lazy var oldUses = Self.uses(changes.compactMap { $0.oldIndex.map { oldChains[$0] } })
    lazy var newUses = Self.uses(changes.compactMap { $0.newIndex.map { newChains[$0] } })
    for (key, before) in old.sorted(by: { $0.key < $1.key }) {
      guard var after = new[key] else { continue }
      if before.count == 1, after.count == 1, !before[0].rules.isEmpty {
        names[before[0].name] = after[0].name
        continue
      }
      var rest: [Chain] = []
      for chain in before {
        let uses = oldUses[chain.name] ?? []
        let shared = after.map { newUses[$0.name]?.intersection(uses).count ?? 0 }
        if let most = shared.max(), most > 0, let index = shared.firstIndex(of: most) {
          names[chain.name] = after.remove(at: index).name
        } else if !chain.rules.isEmpty {
          rest.append(chain)
        }
      }
      for (chain, other) in zip(rest, after) { names[chain.name] = other.name }
    }
  }

  /// By chain, the rules of some chains that lead to it, without any names of chains.
  private static func uses(_ chains: [Chain]) -> [ChainName: Set<Rule>] {
    let noNames = Dictionary(chains.map { ($0.name, "" as ChainName) }) { $1 }
    var uses: [ChainName: Set<Rule>] = [:]
    for rule in chains.lazy.flatMap(\.rules) {
      guard let target = rule.chain, noNames[target] != nil else { continue }
      uses[target, default: []].insert(rule.renaming(noNames))
    }
    return uses
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
  /// The text with other words in the places of names.
  fileprivate func renaming(_ names: [ChainName: ChainName]) -> [UInt8] {
    let words = split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    return Array(
      words.map { word in ChainName(word).flatMap { names[$0]?.bytes[...] } ?? word }
        .joined(separator: [UInt8(ascii: " ")]))
  }
}
