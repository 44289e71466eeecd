import Churn
import Netfilter
import TestSupport
import Testing

@Suite("A chain's difference, for any two lists")
struct ChainDifferencePropertyTests {
  /// The last one is another at each run; a failure names it as the test's argument.
  static let seeds: [UInt64] = [1, 2, 3, .random(in: .min ... .max)]

  @Test("is what the definition says for small lists", arguments: seeds)
  func smallLists(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      try check(.random(ofAtMost: 12, using: &generator), seed: seed)
    }
  }

  @Test("is what the definition says for longer lists", arguments: seeds)
  func longerLists(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<30 {
      try check(.random(ofAtMost: 60, using: &generator), seed: seed)
    }
  }

  private func check(_ lists: NumberLists, seed: UInt64) throws {
    let difference = ChainDifference(
      from: RuleList(numbers: lists.old), to: RuleList(numbers: lists.new))
    let expected = DifferenceByDefinition(from: lists.old, to: lists.new)
    let context: Testing.Comment = "seed \(seed), from \(lists.old) to \(lists.new)"
    try #require(difference.removed == expected.removed, context)
    try #require(difference.added == expected.added, context)
    try #require(difference.moved == expected.moved, context)
    try #require(rebuild(lists, with: difference) == lists.new, context)
  }

  /// Does to the old list what the difference says; only added rules are looked up in the new one.
  private func rebuild(_ lists: NumberLists, with difference: ChainDifference) -> [Int] {
    let leaving = Set(difference.removed + difference.moved.map(\.from))
    var staying = lists.old.indices.filter { !leaving.contains($0) }.map { lists.old[$0] }[...]
    var arriving: [Int: Int] = [:]
    for position in difference.added { arriving[position] = lists.new[position] }
    for move in difference.moved { arriving[move.to] = lists.old[move.from] }
    var result: [Int] = []
    for position in 0..<staying.count + arriving.count {
      if let rule = arriving[position] ?? staying.popFirst() { result.append(rule) }
    }
    return result
  }
}

/// Two lists to compare.
struct NumberLists {
  let old: [Int]
  let new: [Int]

  /// Two lists with few or many duplicates: unrelated, in another order, or slightly edited.
  static func random(ofAtMost count: Int, using generator: inout SplitMix64) -> NumberLists {
    let kinds = Int.random(in: 1...26, using: &generator)
    func list() -> [Int] {
      (0..<Int.random(in: 0...count, using: &generator)).map { _ in
        Int.random(in: 0..<kinds, using: &generator)
      }
    }
    let old = list()
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: return NumberLists(old: old, new: list())
    case 1: return NumberLists(old: old, new: old.shuffled(using: &generator))
    default: break
    }
    var new = old
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      if Bool.random(using: &generator), !new.isEmpty {
        new.remove(at: Int.random(in: new.indices, using: &generator))
      } else {
        let place = Int.random(in: 0...new.count, using: &generator)
        new.insert(Int.random(in: 0..<kinds, using: &generator), at: place)
      }
    }
    return NumberLists(old: old, new: new)
  }
}
