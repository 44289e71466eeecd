import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("A rule is rendered as iptables-save prints it")
struct RuleTextRenderingTests {
  @Test("Every line of a node's dump comes out as it went in", arguments: Fixture.all)
  func fixture(_ fixture: Fixture) throws {
    let expected = try RuleLines.all(in: fixture.bytes())
    #expect(!expected.isEmpty)
    let rendered = try fixture.snapshot().tables.flatMap(\.renderedRules)
    #expect(Set(rendered).subtracting(expected) == [])
    // A snapshot keeps the order in a chain, but not that of chains.
    #expect(rendered.sorted() == expected.sorted())
  }

  @Test("What iptables printed is printed again", arguments: RenderedRule.all)
  func printed(_ rule: RenderedRule) throws {
    let snapshots = try SaveFileParser.parse(Array(rule.dump.utf8))
    let read = try #require(RuleText.rule(in: snapshots))
    #expect(read.text(in: "HERE") == rule.printed)
  }
}

@Suite("A rule of the kernel is rendered as iptables-legacy-save prints it", .liveKernel)
struct RuleTextRenderingLiveTests {
  @Test("As it went in", arguments: RuleText.known)
  func known(_ rule: RuleText) throws {
    try rendersAsSaved(rule.dump, rule.family, rule.table)
  }

  @Test("As iptables printed it once", arguments: RenderedRule.all)
  func printed(_ rule: RenderedRule) throws {
    let saved = try rendersAsSaved(rule.dump, rule.family, rule.table)
    #expect(saved == [rule.printed])
  }

  @Test("All protocols", arguments: IPFamily.allCases)
  func protocols(_ family: IPFamily) throws {
    let rules = (1...255).map { "-A HERE -p \($0)\n" }.joined()
    try rendersAsSaved("*filter\n:HERE - [0:0]\n\(rules)COMMIT\n", family, .filter)
  }

  /// Loads a dump and compares what the program prints of it with what is rendered of a reading.
  @discardableResult
  private func rendersAsSaved(
    _ dump: String, _ family: IPFamily, _ table: TableName
  ) throws -> [String] {
    let loaded = try LoadedRules(dump, family, table, in: .legacy)
    let expected = loaded.printed
    #expect(loaded.rendered == expected)
    return expected
  }
}

/// The rules of a dump, from `-A` on, in an account that shares nothing with the parser.
enum RuleLines {
  static func all(in dump: [UInt8]) -> [String] {
    dump.split(separator: UInt8(ascii: "\n"))
      .filter { $0.first == UInt8(ascii: "[") || $0.first == UInt8(ascii: "-") }
      .map { line in String(decoding: line.drop { $0 != UInt8(ascii: "-") }, as: UTF8.self) }
  }
}

extension TableSnapshot {
  /// The rules of all chains in a row.
  var renderedRules: [String] {
    content.chains.flatMap { chain in
      chain.rules.map { $0.text(in: chain.name) }
    }
  }
}
