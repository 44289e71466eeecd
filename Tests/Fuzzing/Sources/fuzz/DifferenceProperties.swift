import Churn
import Netfilter

/// What must hold of the difference of any two tables.
enum DifferenceProperties {
  static func check(from old: TableContent, to new: TableContent) {
    let difference = TableDifference(from: old, to: new)
    require(TableDifference(from: new, to: new).isEmpty, "nothing differs from itself")
    var (added, removed) = (0, 0)
    for change in difference.changedChains {
      let before = change.oldIndex.map { old.chains[$0].rules } ?? RuleList()
      let after = change.newIndex.map { new.chains[$0].rules } ?? RuleList()
      check(change.difference, before, after)
      added += change.difference.added.count
      removed += change.difference.removed.count
    }
    require(
      old.ruleCount - removed + added == new.ruleCount, "the numbers of rules add up")
    var common = 0
    difference.forEachCommonRun { _, run in
      common += run.count
      for offset in 0..<run.count {
        require(
          line(old, run.from + offset) == line(new, run.to + offset), "common rules are equal")
      }
    }
    require(common == new.ruleCount - added, "what wasn't added was there before")
  }

  private static func line(_ table: TableContent, _ position: Int) -> ArraySlice<UInt8> {
    let chain = table.firstRules.lastIndex { $0 <= position } ?? 0
    return table.chains[chain].rules.line(at: position - table.firstRules[chain])
  }

  /// Does to the old rules what the difference says, and compares.
  private static func check(_ difference: ChainDifference, _ old: RuleList, _ new: RuleList) {
    let leaving = Set(difference.removed + difference.moved.map(\.from))
    require(
      leaving.count == difference.removed.count + difference.moved.count, "each rule leaves once")
    var staying = old.indices.filter { !leaving.contains($0) }[...]
    var moves: [Int: Int] = [:]
    for move in difference.moved { moves[move.to] = move.from }
    let added = Set(difference.added)
    for position in new.indices where !added.contains(position) {
      guard let from = moves[position] ?? staying.popFirst() else {
        fatalError("rule \(position) is neither new nor an old one")
      }
      require(old.line(at: from) == new.line(at: position), "old rules make the new ones")
    }
    require(staying.isEmpty, "no old rule is left over")
  }
}
