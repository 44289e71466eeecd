import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// The kernel's rules in one of the backends, loaded by its `iptables-restore`.
private struct Kernel: ReaderUnderTest {
  let backend: Backend

  func load(_ text: [UInt8], _ family: IPFamily) throws {
    switch backend {
    case .legacy: try LegacyCommands.restore(text, family)
    case .nft: try NFTCommands.restore(text, family)
    }
  }

  /// `ip6tables-nft-restore` 1.8.9 forgets them.
  func keepsCounters(of family: IPFamily) -> Bool { backend == .legacy || family == .ipv4 }

  func makeSource(tables: Set<TableName>) -> any RulesetSource {
    switch backend {
    case .legacy: LegacySource(tables: tables)
    case .nft: NFTSource(tables: tables)
    }
  }
}

@Suite("The readers of the kernel's rules keep the contract", .liveKernel)
struct KernelContractTests {
  /// A rule that a backend's tools can write.
  struct BackendRule: CustomTestStringConvertible {
    let backend: Backend
    let rule: RuleText

    var testDescription: String { "\(backend): \(rule)" }

    static let all =
      RuleText.known.map { Self(backend: .legacy, rule: $0) }
      + RuleText.knownToNFT.map { Self(backend: .nft, rule: $0) }
  }

  @Test(
    "A dump of a node comes out whole, whichever backend it was of", arguments: Backend.allCases,
    Fixture.all)
  func fixture(_ backend: Backend, _ fixture: Fixture) throws {
    try withContract(backend) { try $0.readsFixture(fixture) }
  }

  @Test("A rule comes out as the parser has it", arguments: BackendRule.all)
  func rule(_ case: BackendRule) throws {
    try withContract(`case`.backend) { try $0.readsRule(`case`.rule) }
  }

  @Test("Two readings of the same have the same content", arguments: Backend.allCases)
  func sameContent(_ backend: Backend) throws {
    try withContract(backend) { try $0.keepsTheContentOfWhatDidNotChange() }
  }

  @Test("Counters move without the content changing", arguments: Backend.allCases)
  func counters(_ backend: Backend) throws {
    try withContract(backend) { try $0.seesThatCountersMoved() }
  }

  @Test("A change is seen", arguments: Backend.allCases, ContentChange.all)
  func change(_ backend: Backend, _ change: ContentChange) throws {
    try withContract(backend) { try $0.seesChange(change) }
  }

  @Test("Absent tables are reported", arguments: Backend.allCases)
  func absentTables(_ backend: Backend) throws {
    try withContract(backend) { try $0.reportsAbsentTables() }
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

  private func withContract(_ backend: Backend, _ body: (ReaderContract) throws -> Void) throws {
    let contract = ReaderContract(reader: Kernel(backend: backend))
    try withNetworkNamespace { try body(contract) }
  }
}
