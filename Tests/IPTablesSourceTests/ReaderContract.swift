import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// Something that takes rules as `iptables-restore` does, and can be read.
protocol ReaderUnderTest {
  /// Makes the tables in `text` the family's.
  func load(_ text: [UInt8], _ family: IPFamily) throws

  /// Whether the counters of a family's rules survive the loading.
  func keepsCounters(of family: IPFamily) -> Bool

  /// A reader of what is loaded, then and later.
  func makeSource(tables: Set<TableName>) -> any RulesetSource
}

/// What holds for every reader of legacy tables, whatever it reads from.
///
/// The account of a text that it is measured by is `SaveFileParser`'s, which has tests of its own.
struct ReaderContract {
  let reader: any ReaderUnderTest

  func readsFixture(_ fixture: Fixture) throws {
    let expected = try fixture.snapshot()
    try reader.load(fixture.bytes(), fixture.family)
    let source = reader.makeSource(tables: Set(expected.tables.map(\.name)))
    let snapshot = try source.reading(fixture.family)
    #expect(snapshot.absentTables.isEmpty)
    expectSame(
      snapshot.tables, expected.tables, counters: reader.keepsCounters(of: fixture.family))
  }

  func readsRule(_ rule: RuleText) throws {
    try reader.load(Array(rule.dump.utf8), rule.family)
    let snapshot = try reader.makeSource(tables: [rule.table]).reading(rule.family)
    let read = try #require(RuleText.rule(in: [snapshot]))
    #expect(read == rule.rule)
  }

  func keepsTheContentOfWhatDidNotChange() throws {
    try reader.load(Self.example(), .ipv4)
    let source = reader.makeSource(tables: [.nat])
    let first = try #require(try source.reading(.ipv4).table(.nat))
    let second = try #require(try source.reading(.ipv4).table(.nat))
    #expect(first.content === second.content)
    #expect(first.counters == second.counters)
  }

  func seesThatCountersMoved() throws {
    try reader.load(Self.example(), .ipv4)
    let source = reader.makeSource(tables: [.nat])
    let first = try #require(try source.reading(.ipv4).table(.nat))
    let changed = Self.example(replacing: "[5:300]", with: "[18446744073709551615:301]")
    try reader.load(changed, .ipv4)
    let second = try #require(try source.reading(.ipv4).table(.nat))
    #expect(first.content === second.content)
    #expect(first.counters != second.counters)
    try expectSame([second], SaveFileParser.parse(changed).flatMap(\.tables))
  }

  func seesChange(_ change: ContentChange) throws {
    try reader.load(Self.example(), .ipv4)
    let source = reader.makeSource(tables: [.nat])
    let first = try #require(try source.reading(.ipv4).table(.nat))
    let changed = Self.example(replacing: change.old, with: change.new)
    try reader.load(changed, .ipv4)
    let second = try #require(try source.reading(.ipv4).table(.nat))
    #expect(first.content !== second.content)
    #expect(first.content != second.content)
    try expectSame([second], SaveFileParser.parse(changed).flatMap(\.tables))
    try reader.load(Self.example(), .ipv4)
    let third = try #require(try source.reading(.ipv4).table(.nat))
    expectSame([third], [first])
  }

  func reportsAbsentTables() throws {
    try reader.load(Self.example(), .ipv4)
    let snapshot = try reader.makeSource(tables: [.nat, .security]).reading(.ipv4)
    #expect(snapshot.tables.map(\.name) == [.nat])
    #expect(snapshot.absentTables == [.security])
  }

  private static func example(replacing old: String = "", with new: String = "") -> [UInt8] {
    Array(
      (old.isEmpty ? ContentChange.example : ContentChange.example.replacing(old, with: new)).utf8)
  }
}

extension RulesetSource {
  /// The snapshot of a family from a new reading.
  func reading(_ family: IPFamily) throws -> FamilySnapshot {
    let reading = try #require(read().first { $0.family == family })
    return try reading.result.get()
  }
}
