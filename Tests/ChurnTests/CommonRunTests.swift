@testable import Churn
import Netfilter
import TestSupport
import Testing

@Suite("The rules that both of two lists hold")
struct CommonRunTests {
  struct Example: CustomTestStringConvertible {
    let old: String
    let new: String
    /// Each as where it begins in the old list, where in the new, and its length.
    let runs: [[Int]]

    var testDescription: String { "\(old) to \(new)" }
  }

  @Test(
    "come in runs, and those that were moved one by one behind them",
    arguments: [
      Example(old: "", new: "", runs: []),
      Example(old: "abc", new: "abc", runs: [[0, 0, 3]]),
      Example(old: "abc", new: "", runs: []),
      Example(old: "", new: "abc", runs: []),
      Example(old: "abc", new: "xyz", runs: []),
      Example(old: "abcd", new: "abxcd", runs: [[0, 0, 2], [2, 3, 2]]),
      Example(old: "abxcd", new: "abcd", runs: [[0, 0, 2], [3, 2, 2]]),
      Example(old: "xab", new: "abx", runs: [[1, 0, 2], [0, 2, 1]]),
      Example(old: "abc", new: "cba", runs: [[2, 0, 1], [1, 1, 1], [0, 2, 1]]),
      Example(old: "aa", new: "a", runs: [[0, 0, 1]]),
    ])
  func runs(_ example: Example) {
    let (old, new) = (RuleList(letters: example.old), RuleList(letters: example.new))
    var runs: [[Int]] = []
    ChainDifference(from: old, to: new).forEachCommonRun(
      oldCount: old.count, newCount: new.count
    ) { runs.append([$0.from, $0.to, $0.count]) }
    #expect(runs == example.runs)
  }

  @Test(
    "are what the definition says, each once", arguments: ChainDifferencePropertyTests.seeds)
  func definition(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      let lists = NumberLists.random(ofAtMost: 16, using: &generator)
      let (old, new) = (RuleList(numbers: lists.old), RuleList(numbers: lists.new))
      var pairs: [ChainDifference.Move] = []
      ChainDifference(from: old, to: new).forEachCommonRun(
        oldCount: old.count, newCount: new.count
      ) { pairs += $0.pairs }
      let expected = DifferenceByDefinition(from: lists.old, to: lists.new).common
      try #require(
        pairs.sorted { $0.to < $1.to } == expected,
        "seed \(seed), from \(lists.old) to \(lists.new)")
    }
  }

  @Test(
    "of a table are counted over all chains, wherever a chain stands", arguments: [false, true])
  func table(isShuffled: Bool) throws {
    let old = Self.table([("A", "ab"), ("GONE", "xy"), ("B", "cde"), ("EMPTY", ""), ("C", "fg")])
    var chains: [(ChainName, String)] = [
      ("A", "ab"), ("NEW", "xy"), ("B", "ced"), ("EMPTY", ""), ("C", "fg"),
    ]
    if isShuffled { chains.reverse() }
    let new = Self.table(chains)
    var found: [[Int]] = []
    TableDifference(from: old, to: new).forEachCommonRun { chain, run in
      found += run.pairs.map { [chain, $0.from, $0.to] }
    }
    var expected: [[Int]] = []
    for (index, chain) in new.chains.enumerated() {
      guard let former = old.chains.firstIndex(where: { $0.name == chain.name }) else { continue }
      for (offset, rule) in chain.rules.enumerated() {
        let position = try #require(old.chains[former].rules.firstIndex(of: rule))
        expected.append(
          [index, old.firstRules[former] + position, new.firstRules[index] + offset])
      }
    }
    #expect(found.sorted { $0[2] < $1[2] } == expected)
  }

  @Test("of a table that is one object are all its rules")
  func sameObject() {
    let content = Self.table([("A", "ab"), ("EMPTY", ""), ("B", "c")])
    var runs: [CommonRun] = []
    TableDifference(from: content, to: content).forEachCommonRun { runs.append($1) }
    #expect(runs == [CommonRun(from: 0, to: 0, count: 2), CommonRun(from: 2, to: 2, count: 1)])
  }

  private static func table(_ chains: [(ChainName, String)]) -> TableContent {
    TableContent(
      family: .ipv4, name: .nat,
      chains: chains.map { Chain(name: $0, rules: RuleList(letters: $1)) })
  }
}

extension CommonRun {
  /// Its rules, each with its position in both lists.
  fileprivate var pairs: [ChainDifference.Move] {
    (0..<count).map { ChainDifference.Move(from: from + $0, to: to + $0) }
  }
}
