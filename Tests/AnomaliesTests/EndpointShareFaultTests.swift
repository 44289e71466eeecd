import KubeProxy
import Netfilter
import Testing

@testable import Anomalies

@Suite("Endpoints that don't get equal shares")
struct EndpointShareFaultTests {
  /// Rules of a service port's chain, and the positions of those that are wrong.
  private struct Example: CustomTestStringConvertible {
    let testDescription: String
    let rules: [String]
    var wrong: [Int] = []
    var words = ""
  }

  private static let mark = "-m mark --mark 0x1/0x1"
  private static func random(_ probability: String) -> String {
    "-m statistic --mode random --probability \(probability)"
  }

  private static let examples = [
    Example(
      testDescription: "As kube-proxy writes them",
      rules: ["\(random("0.33333333349")) -j SEP2", "\(random("0.5")) -j SEP3", "-j SEP4"]),
    Example(
      testDescription: "As kube-proxy wrote them up to 1.19",
      rules: ["\(random("0.33333")) -j SEP2", "\(random("0.50000")) -j SEP3", "-j SEP4"]),
    Example(
      testDescription: "One that takes too much of what is left",
      rules: ["\(random("0.5")) -j SEP2", "\(random("0.5")) -j SEP3", "-j SEP4"], wrong: [0],
      words: "3 endpoints: where 3 of them are left, the next gets 50.00 % of the connections "
        + "instead of 33.33 %"),
    Example(
      testDescription: "The last one's rule is missing",
      rules: ["\(random("0.33333333349")) -j SEP2", "\(random("0.5")) -j SEP3"], wrong: [0, 1],
      words: "2 endpoints, and 33.33 % of the connections come to its end, and to none of them"),
    Example(
      testDescription: "Only the first one's rule is there",
      rules: ["\(random("0.5")) -j SEP2"], wrong: [0],
      words: "1 endpoint, and 50.00 % of the connections come to its end, and to none of them"),
    Example(
      testDescription: "What is dropped before all of them is none's",
      rules: ["\(random("0.5")) -j DROP", "\(random("0.5")) -j SEP2", "-j SEP3"]),
    Example(
      testDescription: "What is dropped between them is one's",
      rules: ["\(random("0.5")) -j SEP2", "\(random("0.5")) -j DROP", "-j SEP3"], wrong: [2],
      words: "2 endpoints: where 1 of them are left, the next gets 50.00 % of the connections "
        + "instead of 100.00 %"),
    Example(
      testDescription: "So is what goes to another service port between them",
      rules: [
        "\(random("0.5")) -j SEP2", "\(random("0.5")) -g KUBE-SVC-AAAAAAAAAAAAAAAA", "-j SEP3",
      ], wrong: [2],
      words: "2 endpoints: where 1 of them are left, the next gets 50.00 % of the connections "
        + "instead of 100.00 %"),
    Example(
      testDescription: "What is marked between them comes back",
      rules: ["\(random("0.5")) -j SEP2", "-j KUBE-MARK-MASQ", "-j SEP3"]),
    Example(
      testDescription: "An endpoint that two rules lead to is one",
      rules: ["\(random("0.33333333349")) -j SEP2", "\(random("0.5")) -j SEP3", "-j SEP2"],
      wrong: [0, 1, 2],
      words: "2 endpoints: where 2 of them are left, the next gets 33.33 % of the connections "
        + "instead of 50.00 %"),
    Example(
      testDescription: "An endpoint that gets something again",
      rules: ["\(random("0.5")) -j SEP2", "\(random("0.1")) -j SEP2", "-j SEP3"], wrong: [1],
      words: "2 endpoints, of which one gets another share"),
    Example(
      testDescription: "Two rules that give an endpoint what it should have",
      rules: ["\(random("0.25")) -j SEP2", "\(random("0.66666666651")) -j SEP3", "-j SEP2"]),
    Example(
      testDescription: "A condition that is no chance",
      rules: ["\(mark) -j SEP2", "-j SEP3"], wrong: [0],
      words: "2 endpoints, but not by chance alone"),
    Example(
      testDescription: "Session affinity is for some clients only",
      rules: ["-m recent --rcheck --name SEP2 -j SEP2", "-j SEP2"]),
  ]

  @Test("are found by what the kernel makes of the rules", arguments: examples)
  private func found(_ example: Example) {
    let rules = example.rules.map { rule in
      // A hash has no digits 0, 1, 8 and 9.
      let line = rule.replacing(#/-j SEP(\d)$/#, with: { "-j KUBE-SEP-AAAAAAAAAAAAAAA\($0.1)" })
      return Rule(line: Array(line.utf8)[...])
    }
    let fault = EndpointShareFault(BalancingRules(RuleList(rules)))
    #expect((fault?.positions ?? []) == example.wrong)
    let words = example.words.isEmpty ? nil : "KUBE-SVC balances over \(example.words)"
    #expect(fault?.description("KUBE-SVC") == words)
  }
}
