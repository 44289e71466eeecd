internal import Netfilter

/// Tells which rules are selected. It lives while series are made: a compiled expression can't be
/// handed between threads.
struct RuleMatcher {
  private let tables: Set<TableName>?
  private let comment: Regex<AnyRegexOutput>?
  private let chain: Regex<AnyRegexOutput>?
  /// What was found of comments: kube-proxy writes each of them several times.
  private var comments: [ByteString: Match?] = [:]
  /// What was found of chains, now and the last time.
  private var verdicts: Verdicts
  private let former: Verdicts

  /// Of a rule that is selected.
  struct Match {
    /// What the expression's first group captured; empty where it took no part, nil where there is no
    /// group.
    let id: String?
  }

  /// What an expression said of chains' names: matching is slow, and most names stay.
  struct Verdicts {
    fileprivate var isSelected: [ChainName: Bool] = [:]
  }

  init(_ selection: RuleSelection, remembering former: Verdicts) {
    tables = selection.tables
    comment = selection.comment.flatMap { $0.compiled() }
    chain = selection.chain.flatMap { $0.compiled() }
    self.former = former
    verdicts = Verdicts()
  }

  /// What is to be remembered for the next time.
  consuming func finish() -> Verdicts { verdicts }

  func selects(_ table: TableName) -> Bool { tables?.contains(table) ?? true }

  mutating func selects(_ name: ChainName) -> Bool {
    guard let chain else { return true }
    let isSelected =
      former.isSelected[name] ?? ((try? chain.firstMatch(in: name.description)) != nil)
    verdicts.isSelected[name] = isSelected
    return isSelected
  }

  /// Nil where the rule isn't selected.
  mutating func match(_ rule: Rule) -> Match? {
    guard let comment else { return Match(id: nil) }
    for case .comment(let text) in rule.matches {
      if let known = comments[text] {
        if let known { return known }
        continue
      }
      let match = (try? comment.firstMatch(in: text.text)).map(Match.init)
      comments[text] = .some(match)
      if let match { return match }
    }
    return nil
  }
}

extension RuleMatcher.Match {
  fileprivate init(_ match: Regex<AnyRegexOutput>.Match) {
    id = match.output.count > 1 ? match.output[1].substring.map(String.init) ?? "" : nil
  }
}
