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
    func compiled() -> Regex<AnyRegexOutput>? { try? Regex(text) }
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

  /// What the patterns said of names before: matching is slow, and names seldom change.
  struct Verdicts {
    fileprivate var isSelected: [String: Bool] = [:]
  }

  func select(from services: [Service], remembering verdicts: inout Verdicts) -> Outcome {
    var outcome = Outcome(selected: Array(services.indices))
    if include != nil || exclude != nil {
      let known = verdicts.isSelected
      verdicts.isSelected.removeAll(keepingCapacity: true)
      let (include, exclude) = (include?.compiled(), exclude?.compiled())
      outcome.selected.removeAll { index in
        let name = "\(services[index].port.namespace)/\(services[index].port.name)"
        let isSelected =
          known[name]
          ?? (include.map { Self.matches($0, name) } ?? true
            && !(exclude.map { Self.matches($0, name) } ?? false))
        verdicts.isSelected[name] = isSelected
        return !isSelected
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
