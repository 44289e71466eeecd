import Churn
import Netfilter
import TestSupport
import Testing

@Suite("A table's difference")
struct TableDifferenceTests {
  private func table(_ chains: [(ChainName, String)]) -> TableContent {
    TableContent(
      family: .ipv4, name: .nat,
      chains: chains.map { Chain(name: $0, rules: RuleList(letters: $1)) })
  }

  @Test("is empty for the same object and for equal content")
  func equalContent() {
    let content = table([("A", "ab"), ("B", "cd")])
    #expect(TableDifference(from: content, to: content).isEmpty)
    #expect(TableDifference(from: content, to: table([("A", "ab"), ("B", "cd")])).isEmpty)
  }

  @Test("pays no regard to the order of chains")
  func orderOfChains() {
    let old = table([("A", "ab"), ("B", "cd"), ("C", "")])
    let new = table([("C", ""), ("B", "cd"), ("A", "ab")])
    #expect(TableDifference(from: old, to: new).isEmpty)
  }

  @Test("pays no regard to policies, which make contents unequal")
  func policies() {
    let rules = RuleList(letters: "ab")
    func content(_ policy: Verdict) -> TableContent {
      TableContent(
        family: .ipv4, name: .filter,
        chains: [Chain(name: "INPUT", policy: policy, rules: rules)])
    }
    #expect(content(.accept) != content(.drop))
    #expect(TableDifference(from: content(.accept), to: content(.drop)).isEmpty)
  }

  @Test("names the chains that differ, new order first, and where they stand")
  func changedChains() throws {
    let old = table([("A", "ab"), ("GONE", "xyz"), ("B", "cd"), ("C", "e")])
    let new = table([("A", "ab"), ("B", "dc"), ("NEW", "uv"), ("C", "e")])
    let changed = TableDifference(from: old, to: new).changedChains
    try #require(changed.map(\.name) == ["B", "NEW", "GONE"])
    #expect(changed.map(\.oldIndex) == [2, nil, 1])
    #expect(changed.map(\.newIndex) == [1, 2, nil])
    #expect(changed.map(\.chainChange) == [nil, .added, .removed])
    #expect(changed[0].difference.moved == [ChainDifference.Move(from: 0, to: 1)])
    #expect(changed[1].difference.added == [0, 1])
    #expect(changed[2].difference.removed == [0, 1, 2])
  }

  @Test("counts an empty chain that appears or disappears as a chain, without rules")
  func emptyChains() throws {
    let old = table([("A", "a"), ("EMPTY", "")])
    let new = table([("A", "a")])
    for (from, to, change) in [(old, new, Change.removed), (new, old, .added)] {
      let changed = try #require(TableDifference(from: from, to: to).changedChains.first)
      #expect(changed.chainChange == change)
      #expect(changed.difference.isEmpty)
    }
  }

  @Test("does not take a rule in another chain for a moved one")
  func rulesOfOtherChains() throws {
    let changed = TableDifference(
      from: table([("A", "ab"), ("B", "")]), to: table([("A", "a"), ("B", "b")])
    ).changedChains
    try #require(changed.map(\.name) == ["A", "B"])
    #expect(changed[0].difference.removed == [1])
    #expect(changed[1].difference.added == [0])
    #expect(changed.allSatisfy { $0.difference.moved.isEmpty })
  }

  @Test("finds every chain of a table whose chains all stand elsewhere")
  func shuffledChains() {
    let names = (0..<500).compactMap { ChainName("KUBE-SEP-\($0)") }
    var generator = SplitMix64(seed: 1)
    let old = table(names.map { ($0, "ab") })
    let new = table(names.shuffled(using: &generator).map { ($0, $0 == names[7] ? "ba" : "ab") })
    #expect(TableDifference(from: old, to: new).changedChains.map(\.oldIndex) == [7])
  }
}
