package import Platform

/// What a pattern says of names. It is kept for the next reading, because matching is slow and most names stay.
package struct PatternMemory<Name: Hashable & Sendable, Answer: Sendable>: Sendable {
  package typealias Verdict = Result<Answer, MatchingError>

  private var verdicts: [Name: Verdict] = [:]
  /// Those of the last reading, while there is another.
  private var former: [Name: Verdict] = [:]
  /// Why it isn't known of a name what the pattern says. A failure that may be none the next time goes before
  /// others.
  package private(set) var failure: MatchingError?

  package init() {}

  /// Returns what the pattern says of a name; an error where it would take too long to find out.
  ///
  /// - Parameter find: Matches the name.
  mutating func verdict(
    on name: Name, within budget: inout MatchingBudget,
    _ find: (inout MatchingBudget) throws(MatchingError) -> Answer
  ) -> Verdict {
    if let known = verdicts[name] { return known }
    let verdict = former[name] ?? Result { () throws(MatchingError) in try find(&budget) }
    verdicts[name] = verdict
    if let error = verdict.failure, failure == nil || !error.isFinal { failure = error }
    return verdict
  }

  /// Begins a reading: names that nobody asks for in it are forgotten.
  mutating func begin() { (former, verdicts, failure) = (verdicts, [:], nil) }

  /// Ends a reading, and forgets what another one may find out.
  ///
  /// - Parameter keepsAnswers: Whether answers are worth their memory. Errors always are: they cost the most time.
  mutating func end(keepingAnswers keepsAnswers: Bool = true) {
    former = [:]
    if keepsAnswers, failure == nil { return }
    verdicts = verdicts.filter { $1.failure.map(\.isFinal) ?? keepsAnswers }
  }
}

extension Result {
  /// Why there is no value; nil where there is one.
  var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

extension MatchingError {
  /// Whether it would be the same another time.
  var isFinal: Bool { reason != .noTimeLeft }
}
