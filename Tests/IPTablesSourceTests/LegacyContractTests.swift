import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// The kernel's legacy tables, loaded by `iptables-legacy-restore`.
private struct Kernel: ReaderUnderTest {
  func load(_ text: [UInt8], _ family: IPFamily) throws {
    try LegacyCommands.restore(text, family)
  }

  func keepsCounters(of _: IPFamily) -> Bool { true }

  func makeSource(tables: Set<TableName>) -> any RulesetSource { LegacySource(tables: tables) }
}

@Suite("The reader of the kernel's legacy tables keeps the contract", .liveKernel)
struct LegacyContractTests {
  private let contract = ReaderContract(reader: Kernel())

  @Test("A dump of a node comes out whole", arguments: Fixture.legacy)
  func fixture(_ fixture: Fixture) throws {
    try withNetworkNamespace { try contract.readsFixture(fixture) }
  }

  @Test("A rule comes out as the parser has it", arguments: RuleText.known)
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
}
