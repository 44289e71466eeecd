import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Matches that aren't decoded are rendered as iptables-save prints them")
struct RuleTextRenderingExtensionTests {
  @Test("A saved file's options stay as they are", arguments: RenderedRule.extensions)
  func saved(_ rule: RenderedRule) throws {
    let text = String(rule.printed.dropFirst("-A HERE ".count))
    let dump = RuleText(text, family: rule.family, table: rule.table).dump
    let read = try #require(RuleText.rule(in: SaveFileParser.parse(Array(dump.utf8))))
    #expect(read.text(in: "HERE") == rule.printed)
  }
}

@Suite("Matches that aren't decoded are rendered of the kernel's structs", .liveKernel)
struct RuleTextRenderingExtensionLiveTests {
  @Test("In either backend", arguments: Backend.allCases, RenderedRule.extensions)
  func rendered(_ backend: Backend, _ rule: RenderedRule) throws {
    let loaded = try LoadedRules(rule, in: backend)
    #expect(loaded.printed == [rule.printed])
    #expect(loaded.rendered == [rule.printed])
  }
}
