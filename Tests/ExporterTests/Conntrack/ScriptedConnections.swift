import IPTablesSource
import Netfilter
import Synchronization
import Testing

/// A connection table that a test fills.
final class ScriptedConnections: ConnectionSource {
  /// What the table holds and how it behaves; shared with the test.
  final class Script: Sendable {
    private struct State {
      var entries: [TranslatedConnection] = []
      var failure: ReadingError?
      var isReadable = true
      var local: Set<IPAddress> = []
      var meanwhile: (@Sendable () -> Void)?
      var dumps = 0
    }

    private let state = Mutex(State())

    var entries: [TranslatedConnection] {
      get { state.withLock(\.entries) }
      set { state.withLock { $0.entries = newValue } }
    }

    /// How dumps end, after half of the entries; nil for well.
    var failure: ReadingError? {
      get { state.withLock(\.failure) }
      set { state.withLock { $0.failure = newValue } }
    }

    var isReadable: Bool {
      get { state.withLock(\.isReadable) }
      set { state.withLock { $0.isReadable = newValue } }
    }

    var local: Set<IPAddress> {
      get { state.withLock(\.local) }
      set { state.withLock { $0.local = newValue } }
    }

    /// Runs at the end of each dump.
    var meanwhile: (@Sendable () -> Void)? {
      get { state.withLock(\.meanwhile) }
      set { state.withLock { $0.meanwhile = newValue } }
    }

    /// How many dumps have begun.
    fileprivate(set) var dumps: Int {
      get { state.withLock(\.dumps) }
      set { state.withLock { $0.dumps = newValue } }
    }
  }

  private let script: Script

  init(_ script: Script) { self.script = script }

  func forEachTranslated(
    _ family: IPFamily, _ body: (TranslatedConnection) -> Void
  ) throws(ReadingError) -> Bool {
    guard script.isReadable else { return false }
    script.dumps += 1
    let entries = script.entries.filter { $0.client.family == family }
    if let failure = script.failure {
      entries.prefix(entries.count / 2).forEach(body)
      throw failure
    }
    entries.forEach(body)
    script.meanwhile?()
    return true
  }

  func localAddresses() -> Set<IPAddress> { script.local }
}

extension TranslatedConnection {
  /// A UDP connection, by texts such as `10.244.0.9`, `10.96.0.10:53` and `10.0.0.1:5353`.
  static func udp(
    from port: UInt16 = 40_000, asking place: String = "10.96.0.10:53", to endpoint: String,
    isReplied: Bool = true, timeout: UInt32 = 119
  ) throws -> TranslatedConnection {
    let (asked, answering) = (try Self.place(place), try Self.place(endpoint))
    let client = asked.address.family == .ipv4 ? "10.244.0.9" : "fd00:10:244::9"
    return TranslatedConnection(
      ipProtocol: 17, client: try #require(IPAddress(client)), clientPort: port,
      destination: asked.address, destinationPort: asked.port, endpoint: answering.address,
      endpointPort: answering.port, isReplied: isReplied, timeout: timeout)
  }

  private static func place(_ text: String) throws -> (address: IPAddress, port: UInt16) {
    let colon = try #require(text.lastIndex(of: ":"))
    let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
    return (
      try #require(IPAddress(String(address))),
      try #require(UInt16(text[text.index(after: colon)...]))
    )
  }
}
