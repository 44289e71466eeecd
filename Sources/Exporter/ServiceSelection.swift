internal import KubeProxy

/// Which service ports have series of their own; the totals always cover all.
public struct ServiceSelection: Sendable {
  /// A regular expression, checked once, on `namespace/name`; it may match anywhere.
  public struct Pattern: Sendable {
    public let text: String

    /// - Throws: the expression's fault, in words.
    public init(_ text: String) throws {
      _ = try Regex(text)
      self.text = text
    }

    /// The compiled expression, which can't be handed between threads.
    fileprivate func compiled() -> Regex<AnyRegexOutput>? { try? Regex(text) }
  }

  public var include: Pattern?
  public var exclude: Pattern?
  /// At most so many service ports of each address family, those with the most rules; nil for all.
  public var limit: Int?

  public init(include: Pattern? = nil, exclude: Pattern? = nil, limit: Int? = nil) {
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

  func select(from services: [Service]) -> Outcome {
    let include = include?.compiled()
    let exclude = exclude?.compiled()
    var outcome = Outcome(selected: Array(services.indices))
    if include != nil || exclude != nil {
      outcome.selected.removeAll { index in
        let name = "\(services[index].port.namespace)/\(services[index].port.name)"
        if let include, !Self.matches(include, name) { return true }
        if let exclude, Self.matches(exclude, name) { return true }
        return false
      }
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

  private static func matches(_ pattern: Regex<AnyRegexOutput>, _ name: String) -> Bool {
    (try? pattern.firstMatch(in: name)) != nil
  }
}
