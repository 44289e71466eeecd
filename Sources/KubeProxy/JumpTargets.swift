internal import Netfilter

/// Where the chains stand that the rules of a table's chains lead to.
struct JumpTargets: Sendable {
  /// For each chain in turn, the positions of the service ports' and endpoints' chains that it leads
  /// to, each once.
  private var targets: [Int32] = []
  /// For each chain, where its targets begin; one more entry ends the last.
  private var starts: [Int32] = [0]
  /// The chains that lead to one that doesn't exist.
  private var incomplete: Set<Int32> = []

  init(chainCount: Int, former: JumpTargets?) {
    starts.reserveCapacity(chainCount + 1)
    // A few more than before, lest one more doubles the memory.
    if let former { targets.reserveCapacity(former.targets.count + former.targets.count / 16 + 64) }
  }

  /// The positions of the chains that the chain at `index` leads to.
  subscript(index: Int) -> ArraySlice<Int32> {
    targets[Int(starts[index])..<Int(starts[index + 1])]
  }

  /// The next chain leads to that one.
  mutating func append(_ target: Int) { targets.append(Int32(target)) }

  /// The next chain leads to one that doesn't exist.
  mutating func appendMissing() { incomplete.insert(Int32(starts.count - 1)) }

  /// Ends the next chain's targets.
  mutating func endChain() { starts.append(Int32(targets.count)) }

  /// Appends the next chain's targets: what another chain's were before, where those chains stand
  /// now. False, and nothing is appended, where chains that it leads to came or went.
  ///
  /// - Parameter positions: for each chain known before, where it stands now; -1 where it is gone.
  mutating func append(_ former: JumpTargets, at chain: Int, now positions: [Int32]) -> Bool {
    if !former.incomplete.isEmpty, former.incomplete.contains(Int32(chain)) { return false }
    let range = Int(former.starts[chain])..<Int(former.starts[chain + 1])
    for index in range {
      let target = positions[Int(former.targets[index])]
      if target < 0 {
        targets.removeLast(targets.count - Int(starts[starts.count - 1]))
        return false
      }
      targets.append(target)
    }
    endChain()
    return true
  }
}
