/// The tables of one address family in one backend, from one reading.
public struct FamilySnapshot: Sendable {
  public let backend: Backend
  public let family: IPFamily
  /// The tables that exist, sorted by name.
  public let tables: [TableSnapshot]
  /// The tables that were asked for and do not exist.
  public let absentTables: [TableName]
  /// The tables of which a dump says that iptables-nft-save could not print them, or not wholly.
  public let incompatibleTables: [TableName: Incompatibility]

  public init(
    backend: Backend, family: IPFamily, tables: [TableSnapshot], absentTables: [TableName] = [],
    incompatibleTables: [TableName: Incompatibility] = [:]
  ) {
    self.backend = backend
    self.family = family
    self.tables = tables.sorted { $0.name < $1.name }
    self.absentTables = absentTables
    self.incompatibleTables = incompatibleTables
  }

  /// The table of that name; nil where it doesn't exist or was not asked for.
  public func table(_ name: TableName) -> TableSnapshot? { tables.first { $0.name == name } }

  public var ruleCount: Int { tables.reduce(0) { $0 + $1.content.ruleCount } }
}

/// Why a table of nf_tables' is not in a dump as it is.
public enum Incompatibility: Sendable, Hashable {
  /// Rules in it are none of iptables', so that nothing of it was printed.
  case whole
  /// Base chains in it are none of iptables', and were left out.
  case baseChains
}

/// A table as one reading found it: the content and, beside it, the counters.
public struct TableSnapshot: Sendable {
  public let content: TableContent
  /// The rules' counters, chain after chain: `content.firstRules` tells where a chain's begin.
  public let counters: [Counter]
  /// The policies' counters, one for each built-in chain, in the order of the chains.
  public let policyCounters: [Counter]
  /// The table's size in the kernel in bytes; nil where the source doesn't know it.
  public let size: Int?
  /// The rules' handles, in the order of the counters: a rule that is written again has a new one.
  /// Empty where the backend has none.
  public let handles: [UInt64]

  public init(
    content: TableContent, counters: [Counter], policyCounters: [Counter], size: Int? = nil,
    handles: [UInt64] = []
  ) {
    precondition(counters.count == content.ruleCount, "a counter for each rule")
    precondition(
      handles.isEmpty || handles.count == counters.count, "a handle for each rule or none")
    precondition(
      policyCounters.count == content.builtInCount, "a policy counter for each built-in chain")
    self.content = content
    self.counters = counters
    self.policyCounters = policyCounters
    self.size = size
    self.handles = handles
  }

  public var family: IPFamily { content.family }
  public var name: TableName { content.name }
}

/// A rule's or a policy's counters, as the kernel tells them.
public struct Counter: Sendable, Hashable {
  public var packets: UInt64
  public var bytes: UInt64

  public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
    self.packets = packets
    self.bytes = bytes
  }
}

/// One family's rules in one backend: what a reading, or a saved file, may hold of them.
public struct FamilyIdentity: Sendable, Hashable, Comparable {
  public let backend: Backend
  public let family: IPFamily

  public init(backend: Backend, family: IPFamily) {
    self.backend = backend
    self.family = family
  }

  public static func < (left: FamilyIdentity, right: FamilyIdentity) -> Bool {
    (left.family, left.backend) < (right.family, right.backend)
  }
}

/// One family's table, in a backend that is known otherwise.
public struct TableIdentity: Sendable, Hashable, Comparable {
  public let family: IPFamily
  public let table: TableName

  public init(family: IPFamily, table: TableName) {
    self.family = family
    self.table = table
  }

  public static func < (left: TableIdentity, right: TableIdentity) -> Bool {
    (left.family, left.table) < (right.family, right.table)
  }
}
