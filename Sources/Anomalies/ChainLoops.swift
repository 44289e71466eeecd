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

  /// Finds those of nat.
  static func findings(in nat: TableContent, _ map: ServiceMap, _ faults: [Int: ChainFaults])
    -> [Finding]
  {
    var loops = ChainLoops(nat)
    for chain in nat.chains.indices {
      loops.targets += map.targets(ofChainAt: chain)
      if [.service, .endpoint].contains(map.stage(ofChainAt: chain)) {
        for name in faults[chain]?.strays ?? [] { loops.add(name) }
      } else {
        let rules = nat.chains[chain].rules
        for position in rules.indices
        where map.owner(ofRule: position, ofChainAt: chain, in: nat) == nil {
          loops.add(rules.outcome(at: position))
        }
      }
      loops.ends.append(Int32(loops.targets.count))
    }
    return loops.findings
  }

  /// Finds those of another table.
  static func findings(in content: TableContent) -> [Finding] {
    var loops = ChainLoops(content)
    for chain in content.chains.indices {
      let rules = content.chains[chain].rules
      for position in rules.indices { loops.add(rules.outcome(at: position)) }
      loops.ends.append(Int32(loops.targets.count))
    }
    return loops.findings
  }

  private init(_ content: TableContent) { self.content = content }

  private mutating func add(_ outcome: RuleOutcome) {
    if case .chain(let name) = outcome { add(name) }
  }

  private mutating func add(_ name: ChainName) {
    if let position = content.chainIndex(of: name) { targets.append(Int32(position)) }
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
      let rules = content.chains[circle[index]].rules
      return content.places(
        rules.indices.filter { rules.outcome(at: $0) == .chain(next) }.prefix(1), in: circle[index])
    }
    let way = (names + names.prefix(1)).map(\.description).joined(separator: " to ")
    return Finding(
      .chainLoop, in: content, chains: names, rules: places,
      names.count == 1 ? "\(names[0]) leads to itself" : "a circle leads from \(way)")
  }
}
