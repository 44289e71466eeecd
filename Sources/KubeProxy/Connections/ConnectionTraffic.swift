internal import Netfilter

/// What a dump of the connection table has shown of stale connections' packets, for the next dump.
///
/// 100,000 connections take 2.4 MB.
public struct ConnectionTraffic: Sendable {
  /// Sorted by key.
  private let entries: [Entry]

  public init() { entries = [] }

  init(_ entries: consuming [Entry]) {
    entries.sort { $0.key < $1.key }
    self.entries = entries
  }

  public var count: Int { entries.count }

  subscript(key: UInt64) -> Entry? {
    entries.indices.sortedIndex(of: key) { entries[$0].key }.map { entries[$0] }
  }

  /// One connection.
  struct Entry: Sendable {
    /// What tells the connection apart from others; as good as itself in this process.
    let key: UInt64
    private let timeout: UInt32
    /// The last 32 bits of the counts of packets.
    private let sent: UInt32
    private let answered: UInt32
    private let isTimed: Bool
    private let isCounted: Bool
    /// The connection sends again what isn't answered, and only that: so packets show what becomes of it.
    private let waits: Bool
    private let isClosing: Bool

    init(_ connection: TranslatedConnection) {
      key = connection.key
      timeout = connection.timeout ?? 0
      sent = UInt32(truncatingIfNeeded: connection.packets?.sent ?? 0)
      answered = UInt32(truncatingIfNeeded: connection.packets?.answered ?? 0)
      isTimed = connection.timeout != nil
      isCounted = connection.packets != nil
      waits = connection.waits
      isClosing = connection.tcp?.isClosing == true
    }

    /// Whether packets came since the dump before, and no answer.
    ///
    /// Where the kernel counts packets, that is what it counted. Elsewhere it shows that some came: they
    /// renewed the timeout. It doesn't show whose they were. Then connections count that are without an
    /// answer as far as can be seen:
    ///
    /// - None was ever seen, of whatever protocol.
    /// - UDP. Whoever is gone can't answer, and what still answers goes soon.
    /// - TCP that was open with something unacknowledged both times, and pauses. Unanswered, it is sent again
    ///   ever more rarely; a client that gets answers sends on.
    ///
    /// An SCTP association sends heartbeats forever, so its packets say nothing. A connection that is being
    /// closed carries no traffic any more.
    ///
    /// - Parameter elapsed: The seconds that have passed at least.
    func carriesUnanswered(since former: Entry?, _ elapsed: Double) -> Bool {
      guard let former, !isClosing else { return false }
      if isCounted, former.isCounted {
        return sent != former.sent && answered == former.answered
      }
      guard waits, isTimed, former.waits, former.isTimed else { return false }
      // A timeout is in whole seconds, and the part that is cut off may have been nearly one more.
      return Double(timeout) >= Double(former.timeout) + 1 - elapsed
    }
  }
}

extension TranslatedConnection {
  fileprivate var key: UInt64 {
    var hasher = Hasher()
    hasher.combine(ipProtocol)
    hasher.combine(client)
    hasher.combine(clientPort)
    hasher.combine(destination)
    hasher.combine(destinationPort)
    hasher.combine(endpoint)
    hasher.combine(endpointPort)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  /// Whether packets of the connection are taken for unanswered where the kernel doesn't count them.
  fileprivate var waits: Bool {
    guard isReplied else { return true }
    switch ipProtocol {
    case Self.udpNumber: return true
    case Self.tcpNumber:
      guard let tcp, let timeout else { return false }
      return tcp.isUnacknowledged && timeout <= Self.unacknowledgedTimeout - Self.pause
    default: return false
    }
  }

  private static let tcpNumber: UInt8 = 6
  private static let udpNumber: UInt8 = 17
  /// `net.netfilter.nf_conntrack_tcp_timeout_unacknowledged` as it is by default, in seconds. The kernel gives
  /// so long to a connection with unacknowledged data, and to one that sends again and again.
  private static let unacknowledgedTimeout: UInt32 = 300
  /// In seconds. A client that gets answers hardly ever pauses for so long with something unacknowledged.
  private static let pause: UInt32 = 3
}
