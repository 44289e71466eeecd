import Glibc
import Netfilter
import Platform
import Testing

@testable import IPTablesSource

@Suite("The reader of the connection table")
struct ConntrackReaderTests {
  // MARK: Statistics

  @Test("Sums what processors counted, and takes the table's size")
  func statistics() {
    let kernel = ScriptedConntrack(
      processors: (1...3).map { processor in
        [2: processor, 4: 10, 8: 1, 9: 2, 10: 3, 11: 4, 12: 5, 13: 6, 14: UInt32.max, 15: 7, 5: 99]
      })
    var expected = ConntrackStatistics(entries: 37, limit: 262_144)
    expected[.found] = 6
    expected[.invalid] = 30
    expected[.insert] = 3
    expected[.insertFailed] = 6
    expected[.drop] = 9
    expected[.earlyDrop] = 12
    expected[.error] = 15
    expected[.searchRestart] = 18
    // They are added up in 64 bits.
    expected[.clashResolve] = 3 * UInt64(UInt32.max)
    expected[.chainTooLong] = 21
    let reader = kernel.makeReader()
    for _ in 0..<2 { #expect(reader.readStatistics() == .read(expected)) }
    #expect(kernel.subsystem.openings == 1)
    // NFNL_SUBSYS_CTNETLINK; IPCTNL_MSG_CT_GET_STATS and …_GET_STATS_CPU; NLM_F_REQUEST, once with NLM_F_DUMP.
    let headers = kernel.subsystem.requests.map { Array($0[4..<8]) }
    #expect(headers == [[5, 1, 1, 0], [4, 1, 1, 3], [5, 1, 1, 0], [4, 1, 1, 3]])
  }

  @Test(
    "A kernel that doesn't say how many entries fit has no limit, and one without counters counts 0"
  )
  func oldStatistics() {
    let reader = ScriptedConntrack(limit: nil, processors: []).makeReader()
    #expect(reader.readStatistics() == .read(ConntrackStatistics(entries: 37)))
  }

  @Test(
    "A kernel that would have to load the subsystem is asked nothing",
    arguments: [(.absent, .absent), (.unknown, .unknown)]
      as [(KernelSubsystem.Presence, ConntrackReading)])
  func notAsked(_ presence: KernelSubsystem.Presence, _ expected: ConntrackReading) throws {
    let kernel = ScriptedConntrack(entries: [EntryBytes()], presence)
    let reader = kernel.makeReader()
    #expect(reader.readStatistics() == expected)
    #expect(try !reader.forEachTranslated(.ipv4) { _ in Issue.record("an entry") })
    #expect(kernel.subsystem.openings == 0)
  }

  @Test("A kernel without modules that refuses with EINVAL doesn't have the subsystem")
  func missing() {
    let kernel = ScriptedConntrack()
    kernel.subsystem.answerNext([.bytes(ScriptedKernel.error(EINVAL, 1))])
    #expect(kernel.makeReader().readStatistics() == .absent)
  }

  static let failures: [(ScriptedKernel.Reception, String)] = [
    (.bytes(ScriptedKernel.error(EPERM, 1)), "Operation not permitted; it takes CAP_NET_ADMIN"),
    (.bytes(ScriptedKernel.end(1, code: ENOMEM)), "Cannot allocate memory"),
    (.bytes(ScriptedKernel.error(0, 1)), "an answer was none to what was asked"),
    (.bytes(ScriptedKernel.message(3, [], 1)), "an answer was none to what was asked"),
    (.bytes([1, 2, 3]), "an answer was none to what was asked"),
    (.failure(.timedOut), "no answer came within 10 seconds"),
    (.failure(.overrun), "answers were lost"),
  ]

  @Test(
    "What goes wrong is reported as what it is, and the next question is asked with another socket",
    arguments: failures)
  func failure(_ reception: ScriptedKernel.Reception, _ words: String) throws {
    let kernel = ScriptedConntrack(entries: [EntryBytes()])
    let reader = kernel.makeReader()
    kernel.subsystem.answerNext([reception])
    guard case .failed(let error) = reader.readStatistics() else {
      Issue.record("it succeeds")
      return
    }
    #expect("\(error)".hasPrefix("cannot read connection tracking: \(words)"), "\(error)")
    #expect(reader.readStatistics() != .failed(error))
    #expect(kernel.subsystem.openings == 2)
  }

  // MARK: Entries

  @Test("Asks for a family's translated entries only")
  func request() throws {
    for (family, number) in [(IPFamily.ipv4, UInt8(2)), (.ipv6, 10)] {
      let kernel = ScriptedConntrack()
      #expect(try kernel.makeReader().forEachTranslated(family) { _ in })
      let request = try #require(kernel.subsystem.requests.first)
      // IPCTNL_MSG_CT_GET, not the one that sets counters to 0.
      #expect(request[4..<8] == [1, 1, 1, 3])
      #expect(request[16..<20] == [number, 0, 0, 0])
      // CTA_STATUS and CTA_STATUS_MASK: IPS_DST_NAT.
      #expect(
        Array(request[20...]) == ScriptedSubsystem.number(3, UInt32(0x20))
          + ScriptedSubsystem.number(26, UInt32(0x20)))
    }
  }

  struct Example: CustomTestStringConvertible {
    let testDescription: String
    let entry: EntryBytes
    /// Nil where it is left out.
    let connection: TranslatedConnection?

    init(_ description: String, _ entry: EntryBytes, _ connection: TranslatedConnection?) {
      testDescription = description
      self.entry = entry
      self.connection = connection
    }
  }

  static let v6 = EntryBytes(
    family: .ipv6, client: ("fd00:10:244::9", 40_000), asked: ("fd00:10:96::a", 53),
    endpoint: ("fd00:10:244::3", 5353))

  static let examples = [
    Example("UDP", EntryBytes(), .example()),
    Example(
      "UDP in IPv6", v6,
      .example(client: "fd00:10:244::9", destination: "fd00:10:96::a", endpoint: "fd00:10:244::3")),
    Example("SCTP", EntryBytes(ipProtocol: 132), .example(132)),
    Example("replied", EntryBytes(status: EntryBytes.replied), .example(isReplied: true)),
    Example(
      "counted", EntryBytes(packets: (1 << 40, 3)),
      .example(packets: .init(sent: 1 << 40, answered: 3))),
    Example(
      "TCP, established", EntryBytes(ipProtocol: 6, timeout: 431_999, tcp: (3, 0x23)),
      .example(6, timeout: 431_999, tcp: .init(isClosing: false, isUnacknowledged: false))),
    Example(
      "TCP, unacknowledged", EntryBytes(ipProtocol: 6, timeout: 290, tcp: (3, 0x33)),
      .example(6, timeout: 290, tcp: .init(isClosing: false, isUnacknowledged: true))),
    Example(
      "TCP, FIN_WAIT, counted",
      EntryBytes(ipProtocol: 6, tcp: (4, 0x33), packets: (9, 8)),
      .example(
        6, packets: .init(sent: 9, answered: 8),
        tcp: .init(isClosing: true, isUnacknowledged: true))),
    Example(
      "TCP, CLOSE", EntryBytes(ipProtocol: 6, tcp: (8, 0)),
      .example(6, tcp: .init(isClosing: true, isUnacknowledged: false))),
    Example(
      "TCP, SYN_SENT2", EntryBytes(ipProtocol: 6, tcp: (9, 0)),
      .example(6, tcp: .init(isClosing: false, isUnacknowledged: false))),
    Example(
      "in a flow table", EntryBytes(ipProtocol: 6, timeout: nil), .example(6, timeout: nil)),
    Example("without ports", EntryBytes(ipProtocol: 1, hasPorts: false), nil),
    Example("without a status", EntryBytes(status: nil), nil),
    Example("not translated", EntryBytes(status: 0x8), nil),
    Example("of which the source is translated", EntryBytes(status: 0x8 | 0x10 | 0x80), nil),
    Example("of another zone", EntryBytes(zone: 65_520), nil),
  ]

  @Test("Reads an entry", arguments: examples)
  func entry(_ example: Example) throws {
    let kernel = ScriptedConntrack(entries: [example.entry])
    var found: [TranslatedConnection] = []
    #expect(try kernel.makeReader().forEachTranslated(example.entry.family) { found.append($0) })
    #expect(found == [example.connection].compactMap(\.self))
  }

  @Test("Of a kernel that can't choose, the entries of the family that were translated are taken")
  func unfiltered() throws {
    let entries = [
      EntryBytes(), Self.v6, EntryBytes(status: 0x8), EntryBytes(client: ("10.244.0.9", 7)),
    ]
    let kernel = ScriptedConntrack(entries: entries)
    let reader = kernel.makeReader()
    var ports: [UInt16] = []
    _ = try reader.forEachTranslated(.ipv4) { ports.append($0.clientPort) }
    #expect(ports == [40_000, 7])
    var families: [IPFamily] = []
    _ = try reader.forEachTranslated(.ipv6) { families.append($0.client.family) }
    #expect(families == [.ipv6])
    #expect(kernel.subsystem.openings == 1)
  }

  @Test("An entry that is cut off, or has no tuple, is left out, wherever it ends")
  func truncated() throws {
    let entry = EntryBytes(
      ipProtocol: 6, status: EntryBytes.replied, tcp: (3, 0x33), packets: (2, 1))
    let attributes = entry.attributes
    var (whole, parts) = (0, 0)
    for end in 0...attributes.count {
      let message = ScriptedSubsystem.message(1, 0, family: 2, Array(attributes[..<end]), 1)
      let kernel = ScriptedConntrack()
      kernel.subsystem.answerNext([.bytes(message), .bytes(ScriptedKernel.end(1))])
      _ = try kernel.makeReader().forEachTranslated(.ipv4) { connection in
        // What was read is right.
        #expect(connection.endpoint == IPAddress("10.244.0.3"))
        #expect(connection.isReplied)
        if connection.packets == nil { parts += 1 } else { whole += 1 }
        if let packets = connection.packets {
          #expect(packets == .init(sent: 2, answered: 1))
        }
      }
    }
    #expect(whole >= 1 && parts > 50 && parts < attributes.count)
  }

  @Test("Attributes whose length is a lie, or that are nothing known, do no harm")
  func garbage() throws {
    let attributes = EntryBytes(ipProtocol: 6, tcp: (3, 0x33), packets: (2, 1)).attributes
    for position in attributes.indices {
      for byte in [0, 1, 4, 0x7f, 0xff] as [UInt8] {
        var bytes = attributes
        bytes[position] = byte
        let kernel = ScriptedConntrack()
        let message = ScriptedSubsystem.message(1, 0, family: 2, bytes, 1)
        kernel.subsystem.answerNext([.bytes(message), .bytes(ScriptedKernel.end(1))])
        var count = 0
        #expect(try kernel.makeReader().forEachTranslated(.ipv4) { _ in count += 1 })
        #expect(count <= 1)
      }
    }
  }

  @Test("A dump that fails halfway is an error, and the next one works", arguments: failures)
  func halfway(_ reception: ScriptedKernel.Reception, _ words: String) throws {
    let kernel = ScriptedConntrack(entries: [EntryBytes(), EntryBytes(client: ("10.244.0.9", 7))])
    let reader = kernel.makeReader()
    kernel.subsystem.answerNext([.bytes(EntryBytes().message(1)), reception])
    var count = 0
    let error = #expect(throws: ReadingError.self) {
      try reader.forEachTranslated(.ipv4) { _ in count += 1 }
    }
    #expect(count == 1)
    let text = error.map { "\($0)" } ?? ""
    #expect(text.hasPrefix("cannot read connection tracking: \(words)"), "\(text)")
    count = 0
    #expect(try reader.forEachTranslated(.ipv4) { _ in count += 1 })
    #expect(count == 2)
    #expect(kernel.subsystem.openings == 2)
  }

  @Test("Entries of a dump that was given up don't come into the next one")
  func late() throws {
    let kernel = ScriptedConntrack()
    let reader = kernel.makeReader()
    _ = try reader.forEachTranslated(.ipv4) { _ in }
    kernel.subsystem.answerNext([
      .bytes(EntryBytes().message(1)), .bytes(EntryBytes().message(2)),
      .bytes(ScriptedKernel.end(2)),
    ])
    var count = 0
    _ = try reader.forEachTranslated(.ipv4) { _ in count += 1 }
    #expect(count == 1)
  }

  @Test("The node's own addresses have those of its loopback device")
  func localAddresses() throws {
    let addresses = ConntrackReader().localAddresses()
    #expect(addresses.contains(try #require(IPAddress("127.0.0.1"))))
  }
}
