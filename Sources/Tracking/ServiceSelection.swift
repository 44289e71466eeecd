package import KubeProxy
package import Platform

/// Which service ports have series of their own; the totals always cover all.
package struct ServiceSelection: Sendable {
  /// Matched with `namespace/name`.
  package typealias Pattern = RegularExpression

  package var include: Pattern?
  package var exclude: Pattern?
  /// At most so many service ports of each address family, those with the most rules; nil for all.
  package var limit: Int?

  package init(include: Pattern? = nil, exclude: Pattern? = nil, limit: Int? = nil) {
    self.include = include
    self.exclude = exclude
    self.limit = limit
  }

  /// The selected of a map's services, and why the others are not.
  struct Outcome {
    /// Indices of services, ascending.
    var selected: [Int]
    var omittedByPattern = 0
    var omittedByLimit = 0
  }

  /// What the patterns said of names: matching is slow, and names seldom change.
  package struct Verdicts {
    fileprivate var ofNames: [String: PatternVerdict<Void>] = [:]
    /// Those of the last selection, while there is another.
    fileprivate var former: [String: PatternVerdict<Void>] = [:]
    /// Why it isn't known of a service port whether a pattern selects it; such a one is omitted.
    package fileprivate(set) var failure: MatchingError?

    package init() {}
  }

  func select(
    from services: [Service], remembering verdicts: inout Verdicts,
    within budget: inout MatchingBudget
  ) -> Outcome {
    var outcome = Outcome(selected: Array(services.indices))
    if include != nil || exclude != nil {
      let former = verdicts.ofNames
      verdicts = Verdicts()
      verdicts.former = former
      outcome.selected.removeAll {
        !selects(services[$0].port, remembering: &verdicts, within: &budget)
      }
      verdicts.former = [:]
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

  /// Whether the patterns select a service port.
  package func selects(
    _ port: ServicePort, remembering verdicts: inout Verdicts, within budget: inout MatchingBudget
  ) -> Bool {
    let name = "\(port.namespace)/\(port.name)"
    let verdict =
      verdicts.ofNames[name] ?? verdicts.former[name] ?? verdict(on: name, within: &budget)
    if verdict.isFinal { verdicts.ofNames[name] = verdict }
    verdict.note(in: &verdicts.failure)
    return if case .selected = verdict { true } else { false }
  }

  private func verdict(
    on name: String, within budget: inout MatchingBudget
  ) -> PatternVerdict<Void> {
    do throws(MatchingError) {
      if let include, try include.firstMatch(in: name, within: &budget) == nil { return .omitted }
      if let exclude, try exclude.firstMatch(in: name, within: &budget) != nil { return .omitted }
      return .selected(())
    } catch {
      return .undecided(error)
    }
  }
}

/// What patterns say of something.
enum PatternVerdict<Match: Sendable>: Sendable {
  case selected(Match)
  case omitted
  /// It would take too long to find out.
  case undecided(MatchingError)

  var failure: MatchingError? {
    if case .undecided(let error) = self { error } else { nil }
  }

  /// Keeps the failure, if there is one. One that may be none the next time is kept before others.
  func note(in failure: inout MatchingError?) {
    if let error = self.failure, failure == nil || !isFinal { failure = error }
  }

  /// Whether it would be the same another time.
  var isFinal: Bool { failure?.reason != .noTimeLeft }
}
