import Platform
import Testing

@Suite("Regular expressions")
struct RegularExpressionTests {
  /// An expression, a text, and what the first group captures there: nil where nothing matches.
  struct Case: CustomTestStringConvertible {
    let pattern: String
    let text: String
    let group: String??

    init(_ pattern: String, _ text: String, _ group: String??) {
      self.pattern = pattern
      self.text = text
      self.group = group
    }

    var testDescription: String { "\(pattern) in \(text)" }
  }

  private static let matches = String??.some(nil)

  @Test(
    "They match as Swift's did",
    arguments: [
      Case("", "", matches), Case("dns", "kube-system/kube-dns", matches),
      Case("^dns", "kube-dns", nil), Case("^web/a$", "web/a", matches), Case("^a$", "a\n", nil),
      Case("^b$", "a\nb", nil), Case("a.b", "a\nb", nil), Case("a.b", "a\rb", nil),
      Case("(?s)a.b", "a\nb", matches), Case("DNS", "dns", nil), Case("(?i)DNS", "dns", matches),
      Case("^(?:a|b)+$", "abba", matches), Case("x (.*)$", "x one two", "one two"),
      Case("x(y)?", "x", ""), Case("x()", "x", ""), Case("(a)|(b)", "b", ""),
      Case("(?<id>\\d+)(.)(.)(.)", "no 42abc", "42"), Case("^\\w+$", "Größe", matches),
      Case("^.$", "é", matches), Case("^\\p{L}+$", "日本", matches), Case("(?!a)b", "ab", matches),
      Case("(?<=a)b", "ab", matches), Case("(a)\\1", "aa", "a"), Case("[[:alpha:]]", "1", nil),
      Case("a{2,3}+b", "aaab", matches), Case("\\bx\\b", "a x b", matches),
      Case("\u{FFFD}", String(decoding: [0xff], as: UTF8.self), matches),
    ])
  func match(_ example: Case) throws {
    let expression = try RegularExpression(example.pattern)
    var budget = MatchingBudget()
    let match = try expression.firstMatch(in: example.text, within: &budget)
    #expect(match.map(\.firstGroup) == example.group)
  }

  @Test(
    "What is none is refused, with the reason",
    arguments: [
      ("(", "missing closing parenthesis at offset 1"),
      ("a)", "unmatched closing parenthesis at offset 1"),
      ("*", "quantifier does not follow a repeatable item at offset 0"),
      ("[a", "missing terminating ] for character class at offset 2"),
    ])
  func fault(_ pattern: String, _ reason: String) {
    let fault = #expect(throws: RegularExpressionFault.self) { try RegularExpression(pattern) }
    #expect(fault?.description == reason)
  }

  private static let endless = [
    ("^([a-z]+-?)+/web$", String(repeating: "a", count: 41) + "1/web"),
    ("^(\\w+\\s?)*$", String(repeating: "x", count: 31) + "!"),
    ("^(a|a?)+$", String(repeating: "a", count: 255) + "b"),
    ("^(((a+)+)+)+c$", String(repeating: "a", count: 120) + "!c"),
  ]

  @Test("What would not end is an error that says so, and soon", arguments: endless)
  func bound(_ pattern: String, _ text: String) throws {
    let expression = try RegularExpression(pattern)
    var budget = MatchingBudget()
    let error = #expect(throws: MatchingError.self) {
      try expression.firstMatch(in: text, within: &budget)
    }
    #expect(error?.reason == .tooManySteps)
    #expect(error?.description == "the pattern '\(pattern)' takes too long for '\(text)'")
    #expect(MatchingBudget().rest - budget.rest < .milliseconds(40))
  }

  @Test("Many of these take no more than their time together")
  func budget() throws {
    let (pattern, text) = Self.endless[0]
    let expression = try RegularExpression(pattern)
    var budget = MatchingBudget()
    let start = ProcessorTime.ofThisThread
    var reasons: [MatchingError.Reason] = []
    for number in 1...1000 {
      do {
        _ = try expression.firstMatch(in: "\(text)\(number)", within: &budget)
      } catch {
        reasons.append(error.reason)
      }
    }
    #expect(ProcessorTime.ofThisThread - start < .milliseconds(150))
    #expect(reasons.count == 1000)
    #expect(reasons.first == .tooManySteps && reasons.last == .noTimeLeft)
  }
}
