import Glibc
import Netfilter
import Platform
import TestSupport
import Testing

@testable import IPTablesSource

@Suite("The reader of nfacct's objects")
struct PacketAccountTests {
  @Test("Reads names and packets, in the kernel's order, and asks for a dump that resets nothing")
  func objects() {
    let kernel = ScriptedAccounting([
      ("localhost_nps_accepted_pkts", 3), ("ct_state_invalid_dropped_pkts", 1 << 40),
      ("b\u{1b}\"", 0),
    ])
    let reader = kernel.makeReader()
    let names = ["localhost_nps_accepted_pkts", "ct_state_invalid_dropped_pkts", "b\u{1b}\""]
    let expected = zip(names, [3, 1 << 40, 0] as [UInt64]).map {
      PacketAccount(name: ByteString($0), packets: $1)
    }
    for _ in 0..<2 { #expect(reader.read() == .read(expected)) }
    // NFNL_SUBSYS_ACCT and NFNL_MSG_ACCT_GET; NLM_F_REQUEST and NLM_F_DUMP; the family unspecified.
    let requests = kernel.requests
    #expect(requests.map { Array($0[4..<8]) } == [[1, 7, 1, 3], [1, 7, 1, 3]])
    #expect(requests.allSatisfy { $0.count == 20 && $0[16...] == [0, 0, 0, 0] })
    #expect(kernel.openings == 1)
  }

  @Test("No objects are none")
  func none() {
    #expect(ScriptedAccounting([]).makeReader().read() == .read([]))
  }

  @Test("Of too many objects those that were made first are kept")
  func many() {
    let names = (0..<1500).map { "object-\($0)" }
    let expected = names.prefix(1000).map { PacketAccount(name: ByteString($0), packets: 1) }
    #expect(ScriptedAccounting(names.map { ($0, 1) }).makeReader().read() == .read(expected))
  }

  @Test(
    "A kernel that would have to load the subsystem is not asked",
    arguments: [(.absent, .absent), (.unknown, .unknown)]
      as [(KernelSubsystem.Presence, PacketAccounts)])
  func notAsked(_ presence: KernelSubsystem.Presence, _ expected: PacketAccounts) {
    let kernel = ScriptedAccounting([("a", 1)], presence)
    #expect(kernel.makeReader().read() == expected)
    #expect(kernel.openings == 0)
  }

  @Test("A kernel without modules that doesn't have the subsystem has no objects")
  func missing() {
    let kernel = ScriptedAccounting([("a", 1)])
    kernel.fail(.bytes(ScriptedKernel.error(EINVAL, 1)))
    #expect(kernel.makeReader().read() == .absent)
  }

  @Test(
    "What goes wrong is told as what it is, and the next reading asks with another socket",
    arguments: [
      (.bytes(ScriptedKernel.error(EPERM, 1)), "Operation not permitted; it takes CAP_NET_ADMIN"),
      (.bytes(ScriptedKernel.end(1, code: ENOMEM)), "Cannot allocate memory"),
      (.bytes(ScriptedKernel.error(0, 1)), "an answer was none to what was asked"),
      (.bytes(ScriptedKernel.message(3, [], 1)), "an answer was none to what was asked"),
      (.bytes([1, 2, 3]), "an answer was none to what was asked"),
      (.failure(.timedOut), "no answer came within 10 seconds"),
      (.failure(.overrun), "answers were lost"),
    ] as [(ScriptedKernel.Reception, String)])
  func failure(_ reception: ScriptedKernel.Reception, _ words: String) {
    let kernel = ScriptedAccounting([("a", 1)])
    kernel.fail(reception)
    let reader = kernel.makeReader()
    guard case .failed(let error) = reader.read() else {
      Issue.record("it succeeds")
      return
    }
    #expect("\(error)".hasPrefix("cannot read nfacct's objects: \(words)"), "\(error)")
    #expect(reader.read() == .read([PacketAccount(name: ByteString("a"), packets: 1)]))
    #expect(kernel.openings == 2)
  }

  @Test("An answer to an earlier request, and one without name or counter, are left out")
  func strays() {
    let kernel = ScriptedAccounting(
      [("a", 1)],
      preceding: [
        ScriptedAccounting.object("late", 7, sequence: 0),
        ScriptedAccounting.message(ScriptedAccounting.number(2, 8), 1),
        ScriptedAccounting.message(ScriptedAccounting.text(1, "bare"), 1),
      ])
    let expected = PacketAccounts.read([PacketAccount(name: ByteString("a"), packets: 1)])
    #expect(kernel.makeReader().read() == expected)
  }

  @Test(
    "What is built in shows by a symbol that no module has",
    arguments: [
      ("0 T nft_do_chain\n0 T nfnl_acct_find_get\n", [.nfTables, .accounting]),
      ("0 T nft_do_chain\t[nf_tables]\n0 T nfnl_acct_find_get", [.accounting]),
      ("0 T nfnl_acct_find_get\t[nfnetlink_acct]\n0 T nft_do_chain_arp\n", []),
      ("", nil),
    ] as [(String, Set<KernelSubsystem>?)])
  func builtIn(_ symbols: String, _ expected: Set<KernelSubsystem>?) throws {
    // Longer than what is read at once, so that lines lie across its end.
    let padding = symbols.isEmpty ? "" : String(repeating: "0 t another_symbol\n", count: 7000)
    try withTemporaryFile(padding + symbols + padding) { path in
      if symbols.hasSuffix("\n") || symbols.isEmpty {
        #expect(KernelSubsystem.builtIn(symbols: path) == expected)
      }
    }
    try withTemporaryFile(padding + symbols) {
      #expect(KernelSubsystem.builtIn(symbols: $0) == expected)
    }
    #expect(KernelSubsystem.builtIn(symbols: "/nowhere") == nil)
  }

  private func withTemporaryFile(_ text: String, _ body: (String) throws -> Void) throws {
    let path = "/tmp/kube-iptables-exporter-symbols-\(getpid())"
    let file = unsafe fopen(path, "w")
    unsafe fputs(text, file)
    unsafe fclose(file)
    defer { unsafe unlink(path) }
    try body(path)
  }
}

@Suite("nfacct's objects of a live kernel", .liveKernel)
struct PacketAccountLiveTests {
  @Test("Each has counted exactly the packets that its rules met, and goes on counting")
  func packets() throws {
    try withNetworkNamespace {
      let reader = PacketAccountReader()
      #expect(reader.read() == .read([]))
      for name in ["localhost_nps_accepted_pkts", "admin's own", "unused"] {
        try Command.run("nfacct", "add", name)
      }
      try Command.run("ip", "link", "set", "lo", "up")
      try LegacyCommands.restore(
        Array(
          """
          *filter
          :OUTPUT ACCEPT [0:0]
          -A OUTPUT -d 127.0.0.2 -p udp -m nfacct --nfacct-name localhost_nps_accepted_pkts
          -A OUTPUT -d 127.0.0.3 -p udp -m nfacct --nfacct-name "admin's own"
          COMMIT

          """.utf8))
      for total in [5, 10] as [UInt64] {
        // A datagram each: bash opens a socket, writes a line and closes it.
        let script = "for i in 1 2 3 4 5; do echo >/dev/udp/127.0.0.2/9; done"
        try Command.run("bash", "-c", script)
        let accounts = reader.read()
        #expect(accounts.packets(of: "localhost_nps_accepted_pkts") == total)
        #expect(accounts.packets(of: "admin's own") == 0)
        #expect(accounts.packets(of: "unused") == 0)
        #expect(accounts.packets(of: "nonsense") == nil)
      }
      let listed = String(decoding: try Command.run("nfacct", "list"), as: UTF8.self)
      #expect(listed.contains("pkts = 00000000000000000010,"), "it was reset: \(listed)")
    }
  }

  @Test("Each network namespace has its own, and a source reads them only where they are wanted")
  func namespaces() throws {
    try withNetworkNamespace {
      try Command.run("nfacct", "add", "outer")
      let outer = PacketAccountReader()
      let expected = PacketAccounts.read([PacketAccount(name: ByteString("outer"), packets: 0)])
      #expect(outer.read() == expected)
      try withNetworkNamespace {
        #expect(PacketAccountReader().read() == .read([]))
        // Its socket stays where it was opened.
        #expect(outer.read() == expected)
      }
      for backend in BackendSelection.allCases {
        let source = KernelSource(
          backend: backend, tables: [.nat], signs: NodeSigns(),
          choose: { _, _ in BackendChoice(backend: .nft, reason: .configured) })
        #expect(source.read(.ofTables).accounts == nil)
        #expect(source.read(.all).accounts == expected)
        #expect(source.read(.accounts).accounts == expected)
      }
    }
  }

  @Test("A thousand are more than a buffer holds, and all are read")
  func many() throws {
    try withNetworkNamespace {
      let script = "for i in $(seq 1002); do nfacct add object-$i; done"
      try Command.run("sh", "-c", script)
      guard case .read(let accounts) = PacketAccountReader().read() else {
        Issue.record("not read")
        return
      }
      #expect(accounts.map(\.name.text) == (1...1000).map { "object-\($0)" })
    }
  }

  @Test("Whoever lacks the capability is told")
  func refused() throws {
    try withNetworkNamespace {
      let accounts = try withoutCapabilities { PacketAccountReader().read() }
      guard case .failed(let error) = accounts else {
        Issue.record("\(accounts)")
        return
      }
      #expect(error.code == EPERM && error.cause.hasSuffix("it takes CAP_NET_ADMIN"))
    }
  }
}
