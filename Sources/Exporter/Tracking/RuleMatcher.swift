internal import Netfilter
internal import Platform

/// Tells which rules are selected, while series are made.
struct RuleMatcher {
  private let selection: RuleSelection
  private var budget: MatchingBudget
  /// What was found of comments: kube-proxy writes each of them several times.
  private var comments: [ByteString: Verdict] = [:]
  /// What is to be remembered for the next time.
  private var verdicts = Verdicts()
  private let former: Verdicts
  /// Why it isn't known of a rule whether it is selected; nil where it is known of all.
  private(set) var failure: MatchingError?

  /// Of a rule that is selected.
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
  fileprivate func map<Other>(_ transform: (Match) -> Other) -> PatternVerdict<Other> {
    switch self {
    case .selected(let match): .selected(transform(match))
    case .omitted: .omitted
    case .undecided(let error): .undecided(error)
    }
  }
}
