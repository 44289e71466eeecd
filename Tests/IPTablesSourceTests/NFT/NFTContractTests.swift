import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// The kernel's nf_tables, loaded by `iptables-nft-restore`.
private struct Kernel: ReaderUnderTest {
  func load(_ text: [UInt8], _ family: IPFamily) throws {
    try NFTCommands.restore(text, family)
  }

  /// `ip6tables-nft-restore` 1.8.9 forgets them.
  func keepsCounters(of family: IPFamily) -> Bool { family == .ipv4 }

  func makeSource(tables: Set<TableName>) -> any RulesetSource { NFTSource(tables: tables) }
}

@Suite("The reader of nf_tables keeps the contract", .liveKernel)
struct NFTContractTests {
  private let contract = ReaderContract(reader: Kernel())

  @Test("A dump of a node comes out whole, whichever backend it was of", arguments: Fixture.all)
  func fixture(_ fixture: Fixture) throws {
    try withNetworkNamespace { try contract.readsFixture(fixture) }
  }

  @Test("A rule comes out as the parser has it", arguments: RuleText.knownToNFT)
  func rule(_ rule: RuleText) throws {
    try withNetworkNamespace { try contract.readsRule(rule) }
  }

  @Test("Two readings of the same have the same content")
  func sameContent() throws {
    try withNetworkNamespace { try contract.keepsTheContentOfWhatDidNotChange() }
  }

  @Test("Counters move without the content changing")
  func counters() throws {
    try withNetworkNamespace { try contract.seesThatCountersMoved() }
  }

  @Test("A change is seen", arguments: ContentChange.all)
  func change(_ change: ContentChange) throws {
    try withNetworkNamespace { try contract.seesChange(change) }
  }

  @Test("Absent tables are reported")
  func absentTables() throws {
    try withNetworkNamespace { try contract.reportsAbsentTables() }
  }

  @Test("The same rules have the same identity in both backends", arguments: Fixture.all)
  func sameIdentity(_ fixture: Fixture) throws {
    let (legacy, nft) = try withNetworkNamespace {
      let tables = Set(try fixture.snapshot().tables.map(\.name))
      try LegacyCommands.restore(fixture.bytes(), fixture.family)
      try NFTCommands.restore(fixture.bytes(), fixture.family)
      return (
        try LegacySource(tables: tables).reading(fixture.family),
        try NFTSource(tables: tables).reading(fixture.family)
      )
    }
    let areSame = legacy.tables.map(\.content) == nft.tables.map(\.content)
    #expect(areSame)
  }
}
