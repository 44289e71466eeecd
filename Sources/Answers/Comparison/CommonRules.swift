internal import Churn
internal import Netfilter

/// The rules that two versions of a chain both have, in the new order.
struct CommonRules {
  /// Where the rules stand in the new version, ascending.
  let newPositions: [Int]
  /// For each of them, where it stands in the old version.
  let oldPositions: [Int]

  init(oldCount: Int, newCount: Int, _ difference: ChainDifference) {
    var former = [Int](repeating: -1, count: newCount)
    difference.forEachCommonRun(oldCount: oldCount, newCount: newCount) { run in
      for offset in 0..<run.count { former[run.to + offset] = run.from + offset }
    }
    newPositions = former.indices.filter { former[$0] >= 0 }
    oldPositions = former.filter { $0 >= 0 }
  }
}
