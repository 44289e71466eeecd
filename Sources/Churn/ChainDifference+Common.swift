extension ChainDifference {
  /// Calls `body` for all rules that both lists hold, each once: first those that stayed, in runs and
  /// ascending, then those that were moved, one by one.
  ///
  /// It takes no look at the rules, only at what differs: O(k log k) for k differences.
  ///
  /// - Parameters:
  ///   - oldCount: The number of rules in the old list.
  ///   - newCount: The number of rules in the new list.
  public func forEachCommonRun(oldCount: Int, newCount: Int, _ body: (CommonRun) -> Void) {
    // What stayed is in both lists in the same order: so the gaps on each side tell who is whose.
    var leaving = (removed + moved.map(\.from)).sorted()[...]
    var arriving = (added + moved.map(\.to)).sorted()[...]
    var (from, to) = (0, 0)
    while true {
      while leaving.first == from {
        leaving.removeFirst()
        from += 1
      }
      while arriving.first == to {
        arriving.removeFirst()
        to += 1
      }
      let count = min((leaving.first ?? oldCount) - from, (arriving.first ?? newCount) - to)
      if count == 0 { break }
      body(CommonRun(from: from, to: to, count: count))
      from += count
      to += count
    }
    for move in moved { body(CommonRun(from: move.from, to: move.to, count: 1)) }
  }
}
