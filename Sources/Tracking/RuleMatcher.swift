package import Netfilter
package import Platform

/// Which rules have series of their own, where rules have any.
package struct RuleSelection: Sendable {
  /// Only rules with a comment that matches; what the first group captures, if there is one, is the
  /// label `id`.
  package var comment: RegularExpression?
  /// Only rules of these tables; nil for all that are read.
  package var tables: Set<TableName>?
  /// Only rules of chains whose name matches.
  package var chain: RegularExpression?
  /// At most so many series of each address family in each backend; nil for all.
  package var limit: Int?

  package init(
    comment: RegularExpression? = nil, tables: Set<TableName>? = nil,
    chain: RegularExpression? = nil, limit: Int? = nil
  ) {
    self.comment = comment
    self.tables = tables
    self.chain = chain
    self.limit = limit
  }
}

/// Finds out which rules are selected, while series are made.
struct RuleMatcher {
  private let selection: RuleSelection
  private var budget: MatchingBudget
  private var memory: Memory

  struct Match {
    /// What the expression's first group captured; empty where it took no part, nil where there is no
    /// group.
    let id: String?
  }

  /// What the regular expressions said of names and comments.
  struct Memory: Sendable {
    fileprivate var chains = PatternMemory<ChainName, Bool>()
    /// kube-proxy writes each comment several times. From one reading to the next, only those are kept that take
    /// too long.
    fileprivate var comments = PatternMemory<ByteString, Match?>()

    /// Why it isn't known of a rule whether it is selected; nil where it is known of all.
    var failure: MatchingError? {
      let failures = [chains.failure, comments.failure].compactMap(\.self)
      return failures.first { !$0.isFinal } ?? failures.first
    }
  }

  init(_ selection: RuleSelection, remembering memory: Memory, within budget: MatchingBudget) {
    self.selection = selection
    self.memory = memory
    self.budget = budget
    self.memory.chains.begin()
    self.memory.comments.begin()
  }

  /// What the next reading should remember, and what is left of the budget.
  consuming func finish() -> (Memory, MatchingBudget) {
    memory.chains.end()
    memory.comments.end(keepingAnswers: false)
    return (memory, budget)
  }

  func selects(_ table: TableName) -> Bool { selection.tables?.contains(table) ?? true }

  /// Whether the rules of a chain of that name may be selected.
  mutating func verdict(on name: ChainName) -> Result<Bool, MatchingError> {
    guard let chain = selection.chain else { return .success(true) }
    return memory.chains.verdict(on: name, within: &budget) { budget throws(MatchingError) in
      try chain.firstMatch(in: name.description, within: &budget) != nil
    }
  }

  /// What selects a rule: the first of its comments that matches; nil where none does.
  mutating func verdict(on rule: Rule) -> Result<Match?, MatchingError> {
    guard let comment = selection.comment else { return .success(Match(id: nil)) }
    for text in rule.comments {
      let verdict = memory.comments.verdict(on: text, within: &budget) {
        budget throws(MatchingError) in
        try comment.firstMatch(in: text.text, within: &budget).map { Match(id: $0.firstGroup) }
      }
      if case .success(nil) = verdict { continue }
      return verdict
    }
    return .success(nil)
  }
}
