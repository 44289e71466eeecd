public import Netfilter

/// Where rule sets come from: the kernel, or a saved file.
///
/// A source remembers its last reading, so that what did not change is neither rendered nor stored
/// again: `TableSnapshot.content` is then the same object. A source is used by one thread at a time.
public protocol RulesetSource: AnyObject {
  /// Reads every family once, each with its own outcome: one that fails takes no other with it.
  ///
  /// - Parameter counters: those that must be of this moment. Others may be as old as the last reading
  ///   that wanted them; none of them is older than its rule.
  func read(_ counters: CounterSelection) -> RulesetReading

  /// Whether the rules may have changed since the last reading, for who wants to know without reading:
  /// it takes microseconds. A source that can't tell says no.
  func mayHaveChanged() -> Bool
}

/// Which of a rule set's counters somebody wants.
public struct CounterSelection: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Those of the built-in chains' policies.
  public static let policies = CounterSelection(rawValue: 1)
  /// Those of the rules that translate the destination, whose packets are new connections.
  public static let connections = CounterSelection(rawValue: 2)
  /// Those of all rules, the ones that translate the destination included.
  public static let rules = CounterSelection(rawValue: 4).union(.connections)
  /// Those of nfacct's objects.
  public static let accounts = CounterSelection(rawValue: 8)
  /// Those of connection tracking.
  public static let conntrack = CounterSelection(rawValue: 16)
  /// All that tables have.
  public static let ofTables: CounterSelection = [.policies, .rules]
  public static let all: CounterSelection = [.ofTables, .accounts, .conntrack]
}

/// What one reading came to.
public struct RulesetReading: Sendable {
  /// Sorted by backend and family, each at most once.
  public let families: [FamilyReading]
  /// The counters of this moment that it has beyond those that were asked for.
  public let counters: CounterSelection
  /// Which backend is followed; nil where the source doesn't choose, as one of files.
  public let choice: BackendChoice?
  /// What else is known of the node.
  public let node: NodeEvidence
  /// What nf_tables announced since the source exists; nil where nobody listens.
  public let transactions: TransactionCounts?
  /// nfacct's objects; nil where nobody asked for them, or the source has none, as one of files.
  public internal(set) var accounts: PacketAccounts?
  /// Connection tracking's counters; nil as for ``accounts``.
  public internal(set) var conntrack: ConntrackReading?

  public init(
    families: [FamilyReading], counters: CounterSelection = [], choice: BackendChoice? = nil,
    node: NodeEvidence = NodeEvidence(), transactions: TransactionCounts? = nil,
    accounts: PacketAccounts? = nil, conntrack: ConntrackReading? = nil
  ) {
    self.families = families
    self.counters = counters
    self.choice = choice
    self.node = node
    self.transactions = transactions
    self.accounts = accounts
    self.conntrack = conntrack
  }
}

/// What a reading of one family in one backend came to.
public struct FamilyReading: Sendable {
  public let backend: Backend
  public let family: IPFamily
  public let result: Result<FamilySnapshot, ReadingError>
  /// Whether the family is read at each reading. Where not, it is in a backend that was not chosen,
  /// and its counters are old; its rules are not, or a minute at most.
  ///
  /// A family that can't be read is followed too where the signs' chains may be in its backend.
  public internal(set) var isFollowed: Bool

  public init(
    backend: Backend, family: IPFamily, result: Result<FamilySnapshot, ReadingError>,
    isFollowed: Bool = true
  ) {
    self.backend = backend
    self.family = family
    self.result = result
    self.isFollowed = isFollowed
  }

  public var identity: FamilyIdentity { FamilyIdentity(backend: backend, family: family) }
}

/// Why a reading failed: what was tried, the system's code where there is one, and the cause in the
/// words of whoever refused.
public struct ReadingError: Error, Sendable, Hashable {
  public enum Operation: Sendable, Hashable {
    /// Finding out which tables exist.
    case listTables(IPFamily)
    /// Taking a table from the kernel.
    case readTable(IPFamily, TableName)
    /// Asking nf_tables for its tables.
    case readNFTables(IPFamily)
    /// Asking for nfacct's objects.
    case readAccounts
    /// Asking for connection tracking's counters or entries.
    case readConntrack
    /// Reading a saved file.
    case readFile(path: String)
    /// Understanding a line of what was saved; lines are counted from 1.
    case parseLine(number: Int, text: String)
  }

  public let operation: Operation
  /// The `errno` of the failure; nil where no system call failed.
  public let code: Int32?
  /// Such as libiptc's "Permission denied (you must be root)".
  public let cause: String
  /// The file of a line that wasn't understood; nil where whoever reads it knows.
  public let path: String?

  public init(operation: Operation, code: Int32? = nil, cause: String, path: String? = nil) {
    self.operation = operation
    self.code = code
    self.cause = cause
    self.path = path
  }
}

extension ReadingError: CustomStringConvertible {
  public var description: String {
    switch operation {
    case .listTables(let family): "cannot list the \(family.rawValue) tables: \(cause)"
    case .readTable(let family, let table):
      "cannot read the \(family.rawValue) table \(table.rawValue): \(cause)"
    case .readNFTables(let family): "cannot read nf_tables' \(family.rawValue) rules: \(cause)"
    case .readAccounts: "cannot read nfacct's objects: \(cause)"
    case .readConntrack: "cannot read connection tracking: \(cause)"
    case .readFile(let path): "cannot read \(path): \(cause)"
    case .parseLine(let number, let text):
      (path.map { "\($0): " } ?? "") + "line \(number): \(cause)"
        + (text.isEmpty ? "" : ": \(text)")
    }
  }
}

/// The nf_tables transactions that were announced while somebody listened.
public struct TransactionCounts: Sendable, Hashable {
  /// By the name of the committing process, `other` for those that came when there were many.
  public var byProcess: [String: UInt64]
  /// How often announcements were lost because they came faster than they were taken.
  public var overruns: UInt64

  public init(byProcess: [String: UInt64] = [:], overruns: UInt64 = 0) {
    self.byProcess = byProcess
    self.overruns = overruns
  }
}
