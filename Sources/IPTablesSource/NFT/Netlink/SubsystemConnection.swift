internal import Netfilter

/// Asks a subsystem of netfilter, of the network namespace of the thread that asked first.
///
/// It opens a transport at the first question and keeps it, and another one after a failure. One thread at a
/// time may ask.
final class SubsystemConnection {
  private let subsystem: KernelSubsystem
  private let findPresence: () -> KernelSubsystem.Presence
  private let open: NetlinkOpening
  private var transport: (any NetlinkTransport)?
  private var sequence: UInt32 = 0

  convenience init(to subsystem: KernelSubsystem) {
    subsystem.prepare()
    self.init(to: subsystem, presence: { subsystem.presence }) { group throws(NFTError) in
      try NetlinkSocket(group: group, to: subsystem)
    }
  }

  /// - Parameters:
  ///   - presence: Whether the kernel may be asked.
  ///   - open: Opens what it is asked with.
  init(
    to subsystem: KernelSubsystem, presence: @escaping () -> KernelSubsystem.Presence,
    open: @escaping NetlinkOpening
  ) {
    self.subsystem = subsystem
    findPresence = presence
    self.open = open
  }

  /// Whether the kernel may be asked.
  var presence: KernelSubsystem.Presence { findPresence() }

  /// Asks one question, and hands over each message of the answer.
  ///
  /// - Parameters:
  ///   - kind: What the answer's messages are.
  ///   - isDump: Whether the answer may have many messages, or none; another has one.
  ///   - begin: Begins the request, with its number.
  func ask(
    for kind: NetlinkMessage.Kind, isDump: Bool,
    _ begin: (inout NetlinkRequest, UInt32) -> Void, _ body: (NetlinkMessage) -> Void
  ) throws(NFTError) {
    do throws(NFTError) {
      let transport: any NetlinkTransport
      if let known = self.transport { transport = known } else { transport = try open(nil) }
      self.transport = transport
      sequence &+= 1
      var request = NetlinkRequest()
      begin(&request, sequence)
      request.end()
      try transport.send(request)
      _ = try transport.receiveAnswer(to: sequence, of: kind, isDump: isDump, body)
    } catch {
      // An answer may still come, and must not answer the next request.
      transport = nil
      throw error
    }
  }
}
