private import CNFTables
private import Glibc
public import Netfilter
internal import Platform

/// What nfacct's objects of a network namespace have counted. Rules with the match `nfacct` count in them.
public enum PacketAccounts: Sendable, Hashable {
  /// In the kernel's order, which is that in which they were made.
  case read([PacketAccount])
  /// The kernel has not loaded what keeps such objects, so there are none.
  case absent
  /// The kernel does not show whether there may be some. It was not asked, because that may load a module.
  case unknown
  case failed(ReadingError)

  /// What the object of that name has counted; nil where there is none, or it isn't known.
  public func packets(of name: String) -> UInt64? {
    guard case .read(let accounts) = self else { return nil }
    let name = ByteString(name)
    return accounts.first { $0.name == name }?.packets
  }
}

/// An object of nfacct.
public struct PacketAccount: Sendable, Hashable {
  /// As whoever made it called it: any bytes, at most 31.
  public let name: ByteString
  /// Since it was made, or somebody reset it.
  public let packets: UInt64

  public init(name: ByteString, packets: UInt64) {
    self.name = name
    self.packets = packets
  }
}

/// Reads nfacct's objects of the network namespace of the thread that read first.
///
/// Changes nothing: their counters go on. Asks nothing of a kernel that would have to load a module for
/// that. Needs CAP_NET_ADMIN. An answer takes microseconds; one thread at a time may ask.
///
/// C counterpart: `NFNL_MSG_ACCT_GET` of `linux/netfilter/nfnetlink_acct.h`.
final class PacketAccountReader {
  private let connection: SubsystemConnection

  /// The most objects that are kept of a reading, those that were made first.
  static let limit = 1000

  init(_ connection: SubsystemConnection = SubsystemConnection(to: .accounting)) {
    self.connection = connection
  }

  func read() -> PacketAccounts {
    switch connection.presence {
    case .present: break
    case .absent: return .absent
    case .unknown: return .unknown
    }
    do throws(NFTError) {
      return .read(try readAll())
    } catch {
      // EINVAL is the refusal of a kernel that doesn't have the subsystem.
      if error == .notLoaded || error == .refused(SystemError(code: EINVAL)) { return .absent }
      return .failed(
        ReadingError(
          operation: .readAccounts, code: error.code, cause: error.words(of: .accounting)))
    }
  }

  private func readAll() throws(NFTError) -> [PacketAccount] {
    var accounts: [PacketAccount] = []
    try connection.ask(
      for: .account(Int(NFNL_MSG_ACCT_NEW.rawValue)), isDump: true,
      { $0.beginAccounts(sequence: $1) },
      { message in
        if accounts.count < Self.limit, let account = PacketAccount(message) {
          accounts.append(account)
        }
      })
    return accounts
  }
}

extension PacketAccount {
  /// Reads a message of an object; nil where it has no name or no counter.
  init?(_ message: NetlinkMessage) {
    var attributes = message.attributes
    guard let name = attributes.payload(of: NFACCT_NAME),
      let packets: UInt64 = attributes.number(of: NFACCT_PKTS)
    else { return nil }
    self.init(name: ByteString(bytes: name.text.array), packets: packets)
  }
}
