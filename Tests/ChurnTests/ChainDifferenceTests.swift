import Churn
import Netfilter
import Testing

@Suite("A chain's difference")
struct ChainDifferenceTests {
  /// Two versions of a chain, a letter for each rule, and the difference worked out by hand.
  struct Example: CustomTestStringConvertible {
    let old: String
    let new: String
    var removed: [Int] = []
    var added: [Int] = []
    var moved: [[Int]] = []

    var testDescription: String { "\(old) to \(new)" }
  }

  private func expectDifference(_ example: Example) {
    let difference = ChainDifference(
      from: RuleList(letters: example.old), to: RuleList(letters: example.new))
    #expect(difference.removed == example.removed)
    #expect(difference.added == example.added)
    #expect(difference.moved.map { [$0.from, $0.to] } == example.moved)
    #expect(difference.isEmpty == (example.old == example.new))
  }

  @Test(
    "tells rules that came from rules that went",
    arguments: [
      Example(old: "", new: ""),
      Example(old: "abc", new: "abc"),
      Example(old: "", new: "ab", added: [0, 1]),
      Example(old: "ab", new: "", removed: [0, 1]),
      Example(old: "abc", new: "axbc", added: [1]),
      Example(old: "abc", new: "xabcy", added: [0, 4]),
      Example(old: "abcd", new: "ad", removed: [1, 2]),
      Example(old: "abc", new: "xyz", removed: [0, 1, 2], added: [0, 1, 2]),
      Example(old: "abcd", new: "axyd", removed: [1, 2], added: [1, 2]),
    ])
  func additionsAndRemovals(_ example: Example) { expectDifference(example) }

  @Test(
    "moves as few rules as the new order allows",
    arguments: [
      Example(old: "abc", new: "cab", moved: [[2, 0]]),
      Example(old: "abcd", new: "bcda", moved: [[0, 3]]),
      Example(old: "abcde", new: "dabce", moved: [[3, 0]]),
      Example(old: "abcde", new: "xdabcy", removed: [4], added: [0, 5], moved: [[3, 1]]),
      Example(old: "abcdef", new: "efabcd", moved: [[4, 0], [5, 1]]),
    ])
  func moves(_ example: Example) { expectDifference(example) }

  @Test(
    "keeps the rules that stand first in the new list where several choices keep equally many",
    arguments: [
      Example(old: "ab", new: "ba", moved: [[0, 1]]),
      Example(old: "abc", new: "cba", moved: [[1, 1], [0, 2]]),
      Example(old: "abc", new: "bac", moved: [[0, 1]]),
      Example(old: "abcd", new: "acbd", moved: [[1, 2]]),
      Example(old: "abcd", new: "cdab", moved: [[0, 2], [1, 3]]),
      Example(old: "abcd", new: "badc", moved: [[0, 1], [2, 3]]),
      Example(old: "xxabyy", new: "xxbayy", moved: [[2, 3]]),
      Example(old: "abcdef", new: "defabc", moved: [[0, 3], [1, 4], [2, 5]]),
    ])
  func ties(_ example: Example) { expectDifference(example) }

  @Test(
    "takes the k-th of equal rules for the k-th",
    arguments: [
      Example(old: "aa", new: "aaa", added: [2]),
      Example(old: "aaa", new: "aa", removed: [2]),
      Example(old: "abab", new: "ab", removed: [2, 3]),
      Example(old: "aba", new: "baa", moved: [[0, 1]]),
      Example(old: "axa", new: "aax", moved: [[1, 2]]),
      Example(old: "rrq", new: "rq", removed: [1]),
      // The end that both have in common may not be taken for unchanged here.
      Example(old: "rqr", new: "qr", removed: [2], moved: [[0, 1]]),
      Example(old: "qr", new: "rqr", added: [2], moved: [[0, 1]]),
      Example(old: "rqrzz", new: "qrzz", removed: [2], moved: [[0, 1]]),
      Example(old: "prqrz", new: "pqrz", removed: [3], moved: [[1, 2]]),
    ])
  func duplicates(_ example: Example) { expectDifference(example) }

  @Test("looks at all of a rule's content")
  func wholeContent() {
    let mark = Rule(comment: "a", target: "KUBE-MARK-MASQ")
    let drop = Rule(comment: "a", target: "KUBE-MARK-DROP")
    let difference = ChainDifference(from: RuleList([mark]), to: RuleList([drop]))
    #expect(difference.removed == [0])
    #expect(difference.added == [0])
  }
}
