internal import KubeProxy
internal import Netfilter

/// Finds chains that lead to each other in a circle, and that a packet can come to.
///
/// The kernel refuses them, so only a file can hold one. It accepts circles that no built-in chain leads to.
struct ChainLoops {
  private let content: TableContent
  /// For each chain in turn, the positions of the chains that it leads to.
  private var targets: [Int32] = []
  /// For each chain, where its targets end.
  private var ends: [Int32] = []

  /// - Parameter map: The service map of nat, which knows where its chains lead; nil for other tables.
  static func findings(in content: TableContent, _ map: ServiceMap? = nil) -> [Finding] {
    var loops = ChainLoops(content: content)
    for chain in content.chains.indices {
      if let map {
        loops.targets += map.targets(ofChainAt: chain)
      } else {
        for (_, name) in content.chains[chain].rules.jumps {
          if let target = content.chainIndex(of: name) { loops.targets.append(Int32(target)) }
        }
      }
      loops.ends.append(Int32(loops.targets.count))
    }
    return loops.findings
  }

  private func targets(of chain: Int) -> ArraySlice<Int32> {
    targets[(chain == 0 ? 0 : Int(ends[chain - 1]))..<Int(ends[chain])]
  }

  private var findings: [Finding] {
    let left = withoutEnds
    if left.isEmpty { return [] }
    var isReached = [Bool](repeating: false, count: content.chains.count)
    var pending = Array(0..<content.builtInCount)
    for chain in pending { isReached[chain] = true }
    while let chain = pending.popLast() {
      for target in targets(of: chain).map(Int.init) where !isReached[target] {
        isReached[target] = true
        pending.append(target)
      }
    }
    var isTaken = Set<Int>()
    return left.filter { isReached[$0] }.compactMap { start in
      guard !isTaken.contains(start), let circle = circle(from: start) else { return nil }
      isTaken.formUnion(circle)
      return finding(circle)
    }
  }

  /// The chains that are left when those are taken away again and again that no chain leads to: if any, there
  /// are circles among them.
  private var withoutEnds: [Int] {
    var degrees = [Int32](repeating: 0, count: content.chains.count)
    for target in targets { degrees[Int(target)] += 1 }
    var pending = degrees.indices.filter { degrees[$0] == 0 }
    var count = 0
    while let chain = pending.popLast() {
      count += 1
      for target in targets(of: chain) {
        degrees[Int(target)] -= 1
        if degrees[Int(target)] == 0 { pending.append(Int(target)) }
      }
    }
    return count == degrees.count ? [] : degrees.indices.filter { degrees[$0] > 0 }
  }

  /// The shortest way from a chain back to itself; nil where there is none.
  private func circle(from start: Int) -> [Int]? {
    var origins: [Int: Int] = [:]
    var pending = [start][...]
    while let chain = pending.popFirst() {
      for target in targets(of: chain).map(Int.init) {
        if target == start {
          var circle = [chain]
          while let last = circle.last, last != start, let origin = origins[last] {
            circle.append(origin)
          }
          return circle.reversed()
        }
        guard origins[target] == nil else { continue }
        origins[target] = chain
        pending.append(target)
      }
    }
    return nil
  }

  private func finding(_ circle: [Int]) -> Finding {
    let names = circle.map { content.chains[$0].name }
    let places = circle.indices.flatMap { index in
      let next = names[(index + 1) % names.count]
      let jump = content.chains[circle[index]].rules.firstJump(to: next)
      return content.places(jump.map { [$0] } ?? [], in: circle[index])
    }
    let way = (names + names.prefix(1)).map(\.description).joined(separator: " to ")
    return Finding(
      .chainLoop, in: content, chains: names, rules: places,
      names.count == 1 ? "\(names[0]) leads to itself" : "a circle leads from \(way)")
  }
}
