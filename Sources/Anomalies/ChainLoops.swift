internal import KubeProxy
internal import Netfilter

/// Finds chains that lead to each other in a circle, and that a packet can come to.
///
/// The kernel refuses them, so only a file can hold one. It accepts circles that no built-in chain leads to.
struct ChainLoops {
  let content: TableContent
  /// Where its chains lead.
  let graph: ChainGraph

  var findings: [Finding] {
    let left = withoutEnds
    if left.isEmpty { return [] }
    var isReached = [Bool](repeating: false, count: content.chains.count)
    graph.reach(from: Array(0..<content.builtInCount), &isReached)
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
    for chain in degrees.indices {
      for target in graph[chain] { degrees[Int(target)] += 1 }
    }
    var pending = degrees.indices.filter { degrees[$0] == 0 }
    var count = 0
    while let chain = pending.popLast() {
      count += 1
      for target in graph[chain] {
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
      for target in graph[chain].map(Int.init) {
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
