import Netfilter
import TestSupport

extension Rule {
  /// A rule that is told from others by its comment alone.
  init(comment: String, target: ChainName = "KUBE-MARK-MASQ") {
    self.init(comment: comment.utf8, "-j \(target)")
  }
}

extension RuleList {
  /// A list with a rule for each letter; equal letters make equal rules.
  init(letters: String) { self.init(letters.map { Rule(comment: String($0)) }) }

  /// A list with a rule for each number below 26; equal numbers make equal rules.
  init(numbers: [Int]) {
    self.init()
    for number in numbers { append(line: Self.alphabet.line(at: number)) }
  }

  private static let alphabet = RuleList(letters: "abcdefghijklmnopqrstuvwxyz")
}
