private import CNFTables
internal import Netfilter

/// What connection tracking counts, or why it isn't known.
public enum ConntrackReading: Sendable, Hashable {
  case read(ConntrackStatistics)
  /// The kernel has not loaded what answers such questions, `nf_conntrack_netlink`.
  case absent
  /// The kernel does not show whether it is loaded. It was not asked, because that may load a module.
  case unknown
  case failed(ReadingError)
}

/// The size of a network namespace's connection table, and what happened to its entries.
public struct ConntrackStatistics: Sendable, Hashable {
  /// The entries that there are.
  public var entries: UInt64 = 0
  /// The most that there can be, of all network namespaces together; nil where the kernel doesn't say it
  /// (before 5.14).
  public var limit: UInt64?
  /// How often each of these happened since the namespace exists, summed over processors.
  public private(set) var events = Array(repeating: UInt64(0), count: Event.allCases.count)

  public init(entries: UInt64 = 0, limit: UInt64? = nil) {
    self.entries = entries
    self.limit = limit
  }

  /// What happens to entries; the raw value is the label.
  ///
  /// C counterpart: `enum ctattr_stats_cpu`.
  public enum Event: String, Sendable, Hashable, CaseIterable {
    case found, invalid, insert
    case insertFailed = "insert_failed"
    case drop
    case earlyDrop = "early_drop"
    case error
    case searchRestart = "search_restart"
    case clashResolve = "clash_resolve"
    case chainTooLong = "chain_too_long"
  }

  public subscript(event: Event) -> UInt64 {
    get { events[event.index] }
    set { events[event.index] = newValue }
  }
}

extension ConntrackStatistics.Event {
  fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  private var attribute: ctattr_stats_cpu {
    switch self {
    case .found: CTA_STATS_FOUND
    case .invalid: CTA_STATS_INVALID
    case .insert: CTA_STATS_INSERT
    case .insertFailed: CTA_STATS_INSERT_FAILED
    case .drop: CTA_STATS_DROP
    case .earlyDrop: CTA_STATS_EARLY_DROP
    case .error: CTA_STATS_ERROR
    case .searchRestart: CTA_STATS_SEARCH_RESTART
    case .clashResolve: CTA_STATS_CLASH_RESOLVE
    case .chainTooLong: CTA_STATS_CHAIN_TOOLONG
    }
  }

  /// What one processor counted. A kernel that doesn't count it counts 0.
  fileprivate func count(_ attributes: inout NetlinkAttributes) -> UInt64 {
    (attributes.number(of: attribute) as UInt32?).map(UInt64.init) ?? 0
  }
}

extension ConntrackStatistics {
  /// Adds what one processor counted.
  mutating func add(_ message: NetlinkMessage) {
    var attributes = message.attributes
    for event in Event.allCases { self[event] += event.count(&attributes) }
  }

  /// Takes the table's size from a message that has it.
  mutating func takeSize(_ message: NetlinkMessage) {
    var attributes = message.attributes
    entries = (attributes.number(of: CTA_STATS_GLOBAL_ENTRIES) as UInt32?).map(UInt64.init) ?? 0
    limit = (attributes.number(of: CTA_STATS_GLOBAL_MAX_ENTRIES) as UInt32?).map(UInt64.init)
  }
}
