public import KubeProxy

/// What differs for one service port, or in chains that belong to none.
public struct ChangeGroup: Sendable {
  /// Whose the changes are.
  public enum Owner: Sendable, Hashable {
    case servicePort(ServicePort)
    /// Nobody's: rules and chains of this scope and ``ChainKind``.
    case nobody(RuleScope, kind: String)

    init(_ placement: RulePlacement) { self = .nobody(placement.scope, kind: placement.kind) }
  }

  public let owner: Owner
  /// By family, table and chain; in a chain first itself, then the rules that were removed, then those
  /// that were added or moved, by position, and last those that were written again.
  public internal(set) var changes: [RulesetChange] = []

  init(owner: Owner) { self.owner = owner }
}

extension ChangeGroup.Owner: Comparable {
  /// What packets meet first comes first: built-in chains, service ports by name, and what is left.
  public static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.servicePort(let left), .servicePort(let right)): left < right
    case (.nobody(let left, let leftKind), .nobody(let right, let rightKind)):
      (left.rank, leftKind) < (right.rank, rightKind)
    default: left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .servicePort: 1
    case .nobody(let scope, _): scope.rank
    }
  }
}

extension RuleScope {
  fileprivate var rank: Int {
    switch self {
    case .hook: 0
    case .dispatch: 2
    case .service: 3
    case .system: 4
    case .other: 5
    }
  }
}
