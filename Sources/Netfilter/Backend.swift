/// The kernel subsystem that holds a rule set: x_tables (`iptables-legacy`) or nf_tables
/// (`iptables-nft`). Neither sees the other's rules.
public enum Backend: String, Sendable, Hashable, CaseIterable, Comparable {
  case legacy
  case nft

  public static func < (left: Backend, right: Backend) -> Bool { left.rawValue < right.rawValue }
}

/// What shows that a program writes rules on a node, and in which backend.
///
/// The readers of the kernel look for the signs that they are given. One sign of a kind is enough.
public struct NodeSigns: Sendable, Hashable {
  /// Chains in nat or filter.
  public let chains: [ChainName]
  /// Chains in mangle. They hint at the backend, whether its tables have rules yet or not.
  public let hints: [ChainName]
  /// Tables of nf_tables, in either family, that are none of iptables'.
  public let tables: [String]
  /// Network interfaces.
  public let interfaces: [String]

  public init(
    chains: [ChainName] = [], hints: [ChainName] = [], tables: [String] = [],
    interfaces: [String] = []
  ) {
    self.chains = chains
    self.hints = hints
    self.tables = tables
    self.interfaces = interfaces
  }
}

/// Which of the signs that don't belong to a backend were found on a node.
public struct NodeEvidence: Sendable, Hashable {
  public var hasTable: Bool
  public var hasInterface: Bool

  public init(hasTable: Bool = false, hasInterface: Bool = false) {
    self.hasTable = hasTable
    self.hasInterface = hasInterface
  }
}

/// What one backend holds.
public struct BackendEvidence: Sendable, Hashable {
  /// Whether nat or filter has one of the signs' chains.
  public var hasChain: Bool
  public var hasHint: Bool
  /// The number of rules in the tables that are read.
  public var rules: Int

  public init(hasChain: Bool = false, hasHint: Bool = false, rules: Int = 0) {
    self.hasChain = hasChain
    self.hasHint = hasHint
    self.rules = rules
  }
}

/// The backend that is followed, and the reason.
public struct BackendChoice: Sendable, Hashable {
  /// What decided, in the word that the log shows. Each caller that chooses defines its own reasons.
  public struct Reason: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// It is the only backend that may be read.
    public static let configured = Reason(rawValue: "configured")
  }

  public let backend: Backend
  public let reason: Reason

  public init(backend: Backend, reason: Reason) {
    self.backend = backend
    self.reason = reason
  }
}
