private import CNFTables
private import Glibc
public import Netfilter
internal import Platform

/// Reads the connection table of the network namespace of the thread that read first.
///
/// Changes nothing. Asks nothing of a kernel that would have to load a module for that. Needs
/// CAP_NET_ADMIN. One thread at a time may ask.
///
/// C counterparts: the messages `IPCTNL_MSG_CT_GET…` of `linux/netfilter/nfnetlink_conntrack.h`.
public final class ConntrackReader {
  private let connection: SubsystemConnection

  public convenience init() { self.init(SubsystemConnection(to: .conntrack)) }

  init(_ connection: SubsystemConnection) { self.connection = connection }

  /// Reads the table's size and counters, which takes microseconds.
  public func readStatistics() -> ConntrackReading {
    switch connection.presence {
    case .present: break
    case .absent: return .absent
    case .unknown: return .unknown
    }
    do throws(ReadingError) {
      var statistics = ConntrackStatistics()
      try ask(IPCTNL_MSG_CT_GET_STATS, nil, answer: IPCTNL_MSG_CT_GET_STATS) {
        statistics.takeSize($0)
      }
      try ask(IPCTNL_MSG_CT_GET_STATS_CPU, nil, answer: IPCTNL_MSG_CT_GET_STATS_CPU, isDump: true) {
        statistics.add($0)
      }
      return .read(statistics)
    } catch {
      // EINVAL is the refusal of a kernel that doesn't have the subsystem.
      return error.code == EINVAL ? .absent : .failed(error)
    }
  }

  /// Calls `body` with each entry of a family whose destination was translated, in any order.
  ///
  /// The kernel leaves the others out where it can (5.15 on). Entries that come or go while the table is
  /// dumped may be in it or not.
  ///
  /// - Returns: False where the kernel has not loaded what answers, or doesn't show whether it has.
  public func forEachTranslated(
    _ family: IPFamily, _ body: (TranslatedConnection) -> Void
  ) throws(ReadingError) -> Bool {
    guard connection.presence == .present else { return false }
    try ask(
      IPCTNL_MSG_CT_GET, family, answer: IPCTNL_MSG_CT_NEW, isDump: true,
      adding: {
        $0.add(CTA_STATUS, TranslatedConnection.translatedStatus)
        $0.add(CTA_STATUS_MASK, TranslatedConnection.translatedStatus)
      },
      { message in
        // A kernel that has no such family dumps all.
        if message.family == family.netlinkNumber, let entry = TranslatedConnection(message) {
          body(entry)
        }
      })
    return true
  }

  private func ask(
    _ type: cntl_msg_types, _ family: IPFamily?, answer: cntl_msg_types, isDump: Bool = false,
    adding addAttributes: (inout NetlinkRequest) -> Void = { _ in },
    _ body: (NetlinkMessage) -> Void
  ) throws(ReadingError) {
    do throws(NFTError) {
      try connection.ask(
        for: .connection(Int(answer.rawValue)), isDump: isDump,
        {
          $0.beginConnections(type, family, isDump: isDump, sequence: $1)
          addAttributes(&$0)
        }, body)
    } catch {
      throw ReadingError(
        operation: .readConntrack, code: error.code, cause: error.words(of: .conntrack))
    }
  }
}

/// Where connections come from: the kernel, or in tests a list.
public protocol ConnectionSource: AnyObject {
  /// Calls `body` with each connection of a family whose destination was translated, in any order.
  ///
  /// - Returns: False where the kernel would have to load a module for the answer, or may have to.
  func forEachTranslated(
    _ family: IPFamily, _ body: (TranslatedConnection) -> Void
  ) throws(ReadingError) -> Bool

  /// The node's own addresses, which may have NodePorts.
  func localAddresses() -> Set<IPAddress>
}

extension ConntrackReader: ConnectionSource {
  public func localAddresses() -> Set<IPAddress> { Set(NodeNetwork.addresses) }
}

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
