internal import Churn
internal import KubeProxy
internal import Netfilter

/// The chains of a table that went, and came back with the same rules under another name.
///
/// kube-router gives its chains new names at each sync. Rules are the same where they are after each name
/// was put in the place of the old one: a chain that leads to another, whose name is new too, still is what
/// it was. The order of the rules doesn't matter here.
struct ChainRenames {
  /// By a chain's old name, the new one.
  private(set) var names: [ChainName: ChainName] = [:]

  /// - Parameter isEligible: whether a chain of the old or new side may have another name: those of service
  ///   ports may not, because their names say whose they are.
  init(_ table: TableComparison, isEligible: (ChangedChain) -> Bool) {
    let chains = table.difference.changedChains
    var old = Side(chains.filter { $0.newIndex == nil && isEligible($0) }, table.old.content)
    var new = Side(chains.filter { $0.oldIndex == nil && isEligible($0) }, table.new.content)
    guard !old.chains.isEmpty, !new.chains.isEmpty else { return }
    refine(&old, &new)
    pair(old.byClass, new.byClass, in: table)
  }

  /// Chains of one side that may have been renamed.
  private struct Side {
    let chains: [Chain]
    /// For each of them, a name that it shares with the chains that are the same as far as is known.
    var classes: [ChainName: ChainName]

    init(_ changes: [ChangedChain], _ content: TableContent) {
      chains = changes.compactMap { change in
        (change.newIndex ?? change.oldIndex).map { content.chains[$0] }
      }
      classes = Dictionary(chains.map { ($0.name, "") }, uniquingKeysWith: { $1 })
    }

    var byClass: [ChainName: [Chain]] {
      Dictionary(grouping: chains) { classes[$0.name] ?? $0.name }
    }
  }

  /// What a chain is but for its name.
  private struct Signature: Hashable {
    let kind: String
    /// How often it has each rule.
    let rules: [Rule: Int]

    init(_ chain: Chain, _ classes: [ChainName: ChainName]) {
      kind = ChainKind.of(chain)
      rules = Dictionary(chain.rules.lazy.map { ($0.renaming(classes), 1) }, uniquingKeysWith: +)
    }
  }

  /// Divides the chains into classes: first by their own rules, then also by those of the chains that they
  /// lead to, and so on until nothing is divided any more.
  private func refine(_ old: inout Side, _ new: inout Side) {
    var count = 0
    while true {
      var classes: [Signature: ChainName] = [:]
      func divide(_ side: Side) -> [ChainName: ChainName] {
        Dictionary(
          side.chains.map { chain in
            let signature = Signature(chain, side.classes)
            let known = classes[signature] ?? ChainName("\u{1}\(classes.count)") ?? ""
            classes[signature] = known
            return (chain.name, known)
          }, uniquingKeysWith: { $1 })
      }
      (old.classes, new.classes) = (divide(old), divide(new))
      if classes.count <= count { return }
      count = classes.count
    }
  }

  /// Pairs the chains of each class. Where a class has several, or they have no rules, those belong together
  /// that the most rules lead to on both sides.
  private mutating func pair(
    _ old: [ChainName: [Chain]], _ new: [ChainName: [Chain]], in table: TableComparison
  ) {
    lazy var oldUses = Self.uses(in: table, \.old.content) { $0.oldIndex }
    lazy var newUses = Self.uses(in: table, \.new.content) { $0.newIndex }
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

  /// By chain, the rules of changed chains that lead to it, without any names of chains.
  private static func uses(
    in table: TableComparison, _ content: KeyPath<TableComparison, TableContent>,
    _ index: (ChangedChain) -> Int?
  ) -> [ChainName: Set<Rule>] {
    let chains = table.difference.changedChains.compactMap(index).map {
      table[keyPath: content].chains[$0]
    }
    let noNames = Dictionary(chains.map { ($0.name, "" as ChainName) }, uniquingKeysWith: { $1 })
    var uses: [ChainName: Set<Rule>] = [:]
    for rule in chains.lazy.flatMap(\.rules) {
      guard let target = rule.chain, noNames[target] != nil else { continue }
      uses[target, default: []].insert(rule.renaming(noNames))
    }
    return uses
  }
}
