import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("What is read again is what changed", .liveKernel)
struct NFTIncrementTests {
  private static let tables: Set<TableName> = [.nat, .filter]

  /// A transaction, as text that `iptables-nft-restore --noflush` takes, or a script of `nft`.
  enum Step: Sendable, CustomTestStringConvertible {
    case restore(String)
    case script(String)
    /// A script that the kernel refuses, so that nothing changes.
    case refused(String)

    var testDescription: String {
      switch self {
      case .restore(let text), .script(let text), .refused(let text): text
      }
    }

    func run() throws {
      switch self {
      case .restore(let text):
        try NFTCommands.restore(Array("*nat\n\(text)\nCOMMIT\n".utf8), keepingOthers: true)
      case .script(let text): try NFTCommands.run(text)
      case .refused(let text):
        #expect(throws: Command.Failure.self, "\(text)") { try NFTCommands.run(text) }
      }
    }
  }

  private static let steps: [Step] = [
    .restore("-A KUBE-A -p udp -m udp --dport 53 -j KUBE-C"),
    .restore("-I KUBE-A 1 -j RETURN"),
    .restore("-D KUBE-A 1"),
    .restore(":KUBE-B - [0:0]\n-A KUBE-B -j RETURN\n-A KUBE-A -j KUBE-B"),
    .restore(":KUBE-A - [0:0]\n-A KUBE-A -j KUBE-B"),
    .restore("-F KUBE-A\n-F KUBE-B\n-X KUBE-B"),
    .restore(":PREROUTING DROP [7:700]"),
    .restore(":AAAA - [0:0]\n:ZZZZ - [0:0]\n-A PREROUTING -j ZZZZ"),
    .restore("-E ZZZZ YYYY"),
    .restore("-A AAAA -p tcp -j DNAT --to-destination 10.0.0.9:99"),
    .restore(":KUBE-C - [0:0]\n[3:4] -A KUBE-C -p tcp -j DNAT --to-destination 10.244.0.2:8080"),
    .script("delete table ip nat"),
    .script("add table ip nat"),
    .restore(":KUBE-A - [0:0]\n-A KUBE-A -j RETURN"),
    .script("add table inet other; add chain inet other own; add rule inet other own counter"),
    .script("add chain ip nat aNameThatIsLongerThanAnythingThatIptablesWouldEverTake"),
    .script(
      "add rule ip nat aNameThatIsLongerThanAnythingThatIptablesWouldEverTake counter accept"),
    .script("rename chain ip nat KUBE-A KUBE-Z"),
    .refused("delete rule ip nat KUBE-Z handle 999999"),
  ]

  @Test("Transaction after transaction, it is what a new reader reads")
  func steps() throws {
    try withNetworkNamespace {
      try NFTCommands.restore(Array(ContentChange.example.utf8))
      let source = NFTSource(tables: Self.tables, families: [.ipv4])
      _ = try source.reading(.ipv4)
      for step in Self.steps {
        do { try step.run() } catch { Issue.record(error, "\(step)") }
        let fresh = try NFTSource(tables: Self.tables, families: [.ipv4]).reading(.ipv4)
        let snapshot = try source.reading(.ipv4)
        expectSame(snapshot.tables, fresh.tables)
        #expect(snapshot.tables.map(\.handles) == fresh.tables.map(\.handles), "\(step)")
        #expect(snapshot.absentTables == fresh.absentTables)
      }
    }
  }

  @Test("Chains that didn't change keep their rules' storage, tables their content")
  func storage() throws {
    try withNetworkNamespace {
      let script = """
        *filter
        :INPUT ACCEPT [0:0]
        -A INPUT -j ACCEPT
        COMMIT

        """
      try NFTCommands.restore(Array((ContentChange.example + script).utf8))
      let source = NFTSource(tables: Self.tables, families: [.ipv4])
      let first = try source.reading(.ipv4)
      try Step.restore("-A KUBE-A -j RETURN").run()
      let second = try source.reading(.ipv4)
      #expect(first.table(.filter)?.content === second.table(.filter)?.content)
      #expect(first.table(.nat)?.content !== second.table(.nat)?.content)
      let changed = zip(
        first.table(.nat)?.content.chains ?? [], second.table(.nat)?.content.chains ?? []
      ).filter { $0.rules != $1.rules }.map(\.0.name)
      #expect(changed == ["KUBE-A"])
    }
  }

  @Test("Rules that are written again keep the content, and have other handles")
  func rewritten() throws {
    try withNetworkNamespace {
      try NFTCommands.restore(Array(ContentChange.example.utf8))
      let source = NFTSource(tables: [.nat], families: [.ipv4])
      let first = try #require(try source.reading(.ipv4).table(.nat))
      try NFTCommands.restore(Array(ContentChange.example.utf8))
      let second = try #require(try source.reading(.ipv4).table(.nat))
      #expect(first.content === second.content)
      #expect(first.handles.count == 5 && Set(first.handles).isDisjoint(with: second.handles))
    }
  }

  @Test("News are told until they are read, and whose they are")
  func news() throws {
    try withNetworkNamespace {
      try NFTCommands.restore(Array(ContentChange.example.utf8))
      let source = NFTSource(tables: [.nat])
      #expect(!source.mayHaveChanged())
      let first = source.read([])
      #expect(first.transactions?.byProcess == [:])
      #expect(!source.mayHaveChanged())
      try Step.restore("-A KUBE-A -j RETURN").run()
      try NFTCommands.run("add table inet other")
      #expect(source.mayHaveChanged())
      let second = source.read([])
      #expect(second.transactions?.byProcess == ["iptables-nft-re": 1, "nft": 1])
      #expect(second.transactions?.overruns == 0)
      #expect(!source.mayHaveChanged())
    }
  }

  @Test("Nobody's rules are an error: what iptables can't write is counted")
  func foreignRules() throws {
    let snapshot = try withNetworkNamespace {
      try NFTCommands.run(
        """
        add table ip nat
        add chain ip nat KUBE-A { comment "by hand"; }
        add chain ip nat guard { type nat hook prerouting priority 0; policy drop; }
        add set ip nat those { type ipv4_addr; elements = { 10.0.0.1 } }
        add rule ip nat KUBE-A ip saddr @those ct state new counter accept comment "mine"
        add rule ip nat KUBE-A tcp dport { 80, 443 } jump guard2
        add rule ip nat KUBE-A meta l4proto vmap { tcp : accept, udp : drop }
        """.replacing(" jump guard2", with: " accept"))
      return try NFTSource(tables: [.nat]).reading(.ipv4)
    }
    let content = try #require(snapshot.table(.nat)?.content)
    #expect(content.chains.map(\.name) == ["guard", "KUBE-A"])
    #expect(content.chains.first?.policy == .drop)
    #expect(content.chains.last?.rules.count == 3)
    for rule in content.chains.last?.rules ?? RuleList() {
      #expect(rule.text(in: "KUBE-A").contains("[unrecognised, "))
    }
  }

  @Test("Without privileges it says what it takes")
  func unprivileged() throws {
    let reading = try withNetworkNamespace {
      // A network namespace that another user owns can't be had here, but a thread can give up its
      // capabilities.
      try withoutCapabilities { NFTSource(tables: [.nat]).read([]) }
    }
    for family in reading.families {
      #expect(throws: ReadingError.self) { try family.result.get() }
      guard case .failure(let error) = family.result else { continue }
      #expect(error.description.contains("it takes CAP_NET_ADMIN"))
    }
  }
}
