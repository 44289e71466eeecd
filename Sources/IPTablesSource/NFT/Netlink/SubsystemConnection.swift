internal import Netfilter
internal import Platform

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

/// A subsystem of netfilter that is asked over netlink. A request makes the kernel load it, where it is a
/// module that is not loaded yet.
struct KernelSubsystem: Sendable, Hashable {
  /// The module that has it.
  let module: String
  /// A function that stands in the module, by which one that is built in shows.
  let function: String

  static let nfTables = KernelSubsystem(module: "nf_tables", function: "nft_do_chain")
  /// That of nfacct's objects.
  static let accounting = KernelSubsystem(
    module: "nfnetlink_acct", function: "nfnl_acct_find_get")

  /// That of connection tracking.
  static let conntrack = KernelSubsystem(
    module: "nf_conntrack_netlink", function: "ctnetlink_dump_table")

  private static let all = [nfTables, accounting, conntrack]

  /// Whether a subsystem can be asked without the kernel's loading it for that.
  enum Presence: Sendable, Hashable {
    /// It is loaded, or built in, or the kernel loads no modules: then nothing is lost by asking.
    case present
    /// It is a module that isn't loaded, or the kernel doesn't have it.
    case absent
    /// It isn't loaded, and the kernel doesn't show what is built in.
    case unknown
  }

  var presence: Presence {
    if isPlainlyPresent { return .present }
    guard let builtIn = Self.builtIn else { return .unknown }
    return builtIn.contains(self) ? .present : .absent
  }

  /// Begins to look for what ``presence`` may need. The list of symbols takes some 50 ms, which the first
  /// reading need not wait for.
  func prepare() {
    if !isPlainlyPresent { Parallel.begin { _ = Self.builtIn } }
  }

  private var isPlainlyPresent: Bool {
    FileBytes.exists("/sys/module/\(module)") || !FileBytes.exists("/proc/modules")
  }

  /// The subsystems that are built in; nil where that can't be known.
  ///
  /// Looked for once: the list of the kernel's symbols has megabytes, and doesn't lose what is built in.
  private static let builtIn = builtIn(symbols: "/proc/kallsyms")

  /// Those that are built into the kernel whose symbols a file lists; nil where it lists none.
  static func builtIn(symbols path: String) -> Set<KernelSubsystem>? {
    let ends = all.map { (subsystem: $0, end: Array(" \($0.function)".utf8)) }
    var found: Set<KernelSubsystem> = []
    var isEmpty = true
    do throws(SystemError) {
      try FileBytes.forEachLine(of: path) { line in
        isEmpty = false
        // A module's symbol ends with the module's name.
        for (subsystem, end) in ends where line.suffix(end.count).elementsEqual(end) {
          found.insert(subsystem)
        }
        return found.count < ends.count
      }
    } catch {
      return nil
    }
    return isEmpty ? nil : found
  }
}
