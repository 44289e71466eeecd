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

  /// Whether the patterns select a service port; one of which that isn't known is omitted.
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
