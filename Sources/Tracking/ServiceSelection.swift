package import KubeProxy
package import Platform

/// Which service ports have series of their own; the totals always cover all.
package struct ServiceSelection: Sendable {
  /// Matched with `namespace/name`; so is `exclude`.
  package var include: RegularExpression?
  package var exclude: RegularExpression?
  /// At most so many service ports of each address family, those with the most rules; nil for all.
  package var limit: Int?

  package init(
    include: RegularExpression? = nil, exclude: RegularExpression? = nil, limit: Int? = nil
  ) {
    self.include = include
    self.exclude = exclude
    self.limit = limit
  }

  /// Whether the patterns select each name.
  package typealias Names = PatternMemory<String, Bool>

  /// The selected of a map's services, and why the others are not.
  struct Outcome {
    /// Indices of services, ascending.
    var selected: [Int]
    var omittedByPattern = 0
    var omittedByLimit = 0
  }

  func select(
    from services: [Service], remembering names: inout Names,
    within budget: inout MatchingBudget
  ) -> Outcome {
    var outcome = Outcome(selected: Array(services.indices))
    if include != nil || exclude != nil {
      names.begin()
      outcome.selected.removeAll {
        !selects(services[$0].port, remembering: &names, within: &budget)
      }
      names.end()
      outcome.omittedByPattern = services.count - outcome.selected.count
    }
    if let limit, outcome.selected.count > limit {
      outcome.omittedByLimit = outcome.selected.count - limit
      // Of equals, the first by name.
      let ranked = outcome.selected.sorted {
        (services[$1].rules, $0) < (services[$0].rules, $1)
      }
      outcome.selected = ranked.prefix(limit).sorted()
    }
    return outcome
  }

  /// Whether the patterns select a service port; false if matching takes too long.
  package func selects(
    _ port: ServicePort, remembering names: inout Names, within budget: inout MatchingBudget
  ) -> Bool {
    let name = "\(port.namespace)/\(port.name)"
    let verdict = names.verdict(on: name, within: &budget) { budget throws(MatchingError) in
      if let include, try include.firstMatch(in: name, within: &budget) == nil { return false }
      return try exclude?.firstMatch(in: name, within: &budget) == nil
    }
    return (try? verdict.get()) ?? false
  }
}

/// What a pattern says of names. It is kept for the next reading, because matching is slow and most names stay.
package struct PatternMemory<Name: Hashable & Sendable, Answer: Sendable>: Sendable {
  package typealias Verdict = Result<Answer, MatchingError>

  private var verdicts: [Name: Verdict] = [:]
  /// Those of the last reading, while there is another.
  private var former: [Name: Verdict] = [:]
  /// Why the pattern could not be matched with a name; nil if it always could. A failure that may not come again
  /// is kept rather than one that will.
  package private(set) var failure: MatchingError?

  package init() {}

  /// Returns what the pattern says of a name; an error if matching takes too long.
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
