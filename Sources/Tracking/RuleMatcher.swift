package import Netfilter
internal import Platform

/// Which rules have series of their own, where rules have any.
package struct RuleSelection: Sendable {
  /// Only rules with a comment that matches; what the first group captures, if there is one, is the
  /// label `id`.
  package var comment: ServiceSelection.Pattern?
  /// Only rules of these tables; nil for all that are read.
  package var tables: Set<TableName>?
  /// Only rules of chains whose name matches.
  package var chain: ServiceSelection.Pattern?
  /// At most so many series of each address family in each backend; nil for all.
  package var limit: Int?

  package init(
    comment: ServiceSelection.Pattern? = nil, tables: Set<TableName>? = nil,
    chain: ServiceSelection.Pattern? = nil, limit: Int? = nil
  ) {
    self.comment = comment
    self.tables = tables
    self.chain = chain
    self.limit = limit
  }
}

/// Tells which rules are selected, while series are made.
struct RuleMatcher {
  private let selection: RuleSelection
  private var budget: MatchingBudget
  /// What was found of comments: kube-proxy writes each of them several times.
  private var comments: [ByteString: Verdict] = [:]
  private var verdicts = Verdicts()
  private let former: Verdicts
  /// Why it isn't known of a rule whether it is selected; nil where it is known of all.
  private(set) var failure: MatchingError?

  struct Match {
    /// What the expression's first group captured; empty where it took no part, nil where there is no
    /// group.
    let id: String?
  }

  typealias Verdict = PatternVerdict<Match>

  /// What expressions said: matching is slow, and most names stay.
  struct Verdicts: Sendable {
    fileprivate var ofChains: [ChainName: PatternVerdict<Void>] = [:]
    /// The comments that take too long.
    fileprivate var failedComments: [ByteString: MatchingError] = [:]
  }

  init(
    _ selection: RuleSelection, remembering former: Verdicts, within budget: MatchingBudget
  ) {
    self.selection = selection
    self.former = former
    self.budget = budget
  }

  /// What is to be remembered for the next time, and what is left of the budget.
  consuming func finish() -> (Verdicts, MatchingBudget) { (verdicts, budget) }

  func selects(_ table: TableName) -> Bool { selection.tables?.contains(table) ?? true }

  mutating func verdict(on name: ChainName) -> PatternVerdict<Void> {
    guard let chain = selection.chain else { return .selected(()) }
    let verdict = former.ofChains[name] ?? match(chain, name.description).map { _ in }
    if verdict.isFinal { verdicts.ofChains[name] = verdict }
    verdict.note(in: &failure)
    return verdict
  }

  /// The first of a rule's comments that matches decides.
  mutating func verdict(on rule: Rule) -> Verdict {
    guard let comment = selection.comment else { return .selected(Match(id: nil)) }
    for text in rule.comments {
      switch verdict(of: comment, on: text) {
      case .omitted: continue
      case let verdict: return verdict
      }
    }
    return .omitted
  }

  private mutating func verdict(of comment: RegularExpression, on text: ByteString) -> Verdict {
    if let known = comments[text] { return known }
    let verdict =
      former.failedComments[text].map(Verdict.undecided)
      ?? match(comment, text.text).map { Match(id: $0.firstGroup) }
    comments[text] = verdict
    if verdict.isFinal { verdicts.failedComments[text] = verdict.failure }
    verdict.note(in: &failure)
    return verdict
  }

  private mutating func match(
    _ expression: RegularExpression, _ text: String
  ) -> PatternVerdict<RegularExpression.Match> {
    do throws(MatchingError) {
      return try expression.firstMatch(in: text, within: &budget).map { .selected($0) } ?? .omitted
    } catch {
      return .undecided(error)
    }
  }
}

extension PatternVerdict {
  fileprivate func map<Other: Sendable>(_ transform: (Match) -> Other) -> PatternVerdict<Other> {
    switch self {
    case .selected(let match): .selected(transform(match))
    case .omitted: .omitted
    case .undecided(let error): .undecided(error)
    }
  }
}
