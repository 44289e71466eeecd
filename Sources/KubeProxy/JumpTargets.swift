internal import Netfilter

/// Where the chains stand that the jumps of a table lead to.
struct JumpTargets: Sendable {
  /// For each chain in turn, the positions of the service chains that it leads to, but for those that
  /// don't exist.
  private(set) var targets: [Int32] = []
  /// For each chain, where its targets begin; one more entry ends the last.
  private(set) var starts: [Int32] = [0]

  /// Looks the jumps of new and changed chains up by name, and those of all others where they stood
  /// before.
  init(
    _ newJumps: [(chain: Int, jumps: [ChainName])], of content: TableContent,
    _ facts: [ChainFacts], _ index: ChainIndex, former: [Int32], unchanged: [Bool],
    previous: ChainKnowledge?
  ) {
    let positions = Self.newPositions(former, count: previous?.content.chains.count ?? 0)
    var rest = newJumps[...]
    starts.reserveCapacity(facts.count + 1)
    for chain in facts.indices {
      if rest.first?.chain == chain, let jumps = rest.popFirst()?.jumps {
        targets += jumps.compactMap { index.position(of: $0).map(Int32.init) }
      } else if unchanged[chain], facts[chain].jumpCount > 0, let previous {
        let known = previous.jumpTargets(of: Int(former[chain]))
        if known.count == facts[chain].jumpCount,
          known.allSatisfy({ positions[Int($0)] >= 0 })
        {
          for target in known { targets.append(positions[Int(target)]) }
        } else {
          // One of the chains that it leads to came or went.
          targets += ChainFacts.jumps(of: content.chains[chain])
            .compactMap { index.position(of: $0).map(Int32.init) }
        }
      }
      starts.append(Int32(targets.count))
    }
  }

  /// For each chain known before, where it stands now; -1 where it is gone.
  private static func newPositions(_ former: [Int32], count: Int) -> [Int32] {
    var positions = [Int32](repeating: -1, count: count)
    for (index, former) in former.enumerated() where former >= 0 {
      positions[Int(former)] = Int32(index)
    }
    return positions
  }
}
