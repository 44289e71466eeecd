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
