internal import Churn
internal import Netfilter

/// The rules of a table that are as they were and yet have a new handle: they were written again.
///
/// Only nf_tables has handles. A rule that was moved is new to nf_tables in any case, and is not here.
struct RewrittenRules {
  /// By the index of the chain on the new side, ascending positions in the chains.
  private var byChain: [Int: [ChainDifference.Move]] = [:]

  init(_ table: TableComparison) {
    let (old, new) = (table.old, table.new)
    guard !old.handles.isEmpty, !new.handles.isEmpty, old.handles != new.handles else { return }
    var moved: [Int: Set<Int>] = [:]
    var formerStarts: [Int: Int] = [:]
    for change in table.difference.changedChains {
      guard let index = change.newIndex, let former = change.oldIndex else { continue }
      moved[index] = Set(change.difference.moved.map(\.to))
      formerStarts[index] = old.content.firstRules[former]
    }
    var byChain: [Int: [ChainDifference.Move]] = [:]
    table.difference.forEachCommonRun { chain, run in
      let start = new.content.firstRules[chain]
      // The rules of a chain that did not change are one run.
      let formerStart = formerStarts[chain] ?? run.from
      for offset in 0..<run.count
      where old.handles[run.from + offset] != new.handles[run.to + offset] {
        let position = run.to + offset - start
        if moved[chain]?.contains(position) ?? false { continue }
        byChain[chain, default: []].append(
          ChainDifference.Move(from: run.from + offset - formerStart, to: position))
      }
    }
    self.byChain = byChain
  }

  /// The chains whose rules were not taken, ascending.
  var otherChains: [Int] { byChain.keys.sorted() }

  func rules(of chain: Int) -> [ChainDifference.Move] { byChain[chain] ?? [] }

  /// The same, and forgets them.
  mutating func takeRules(of chain: Int) -> [ChainDifference.Move] {
    byChain.removeValue(forKey: chain) ?? []
  }
}
