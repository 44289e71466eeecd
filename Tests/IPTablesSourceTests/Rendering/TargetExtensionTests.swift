import Netfilter
import TestSupport
import Testing

@Suite("A target that is kept as bytes is rendered as iptables-save prints it", .liveKernel)
struct TargetExtensionLiveTests {
  @Test("In either backend", arguments: Backend.allCases, RenderedRule.targetExtensions)
  func rendered(_ backend: Backend, _ rule: RenderedRule) throws {
    let loaded = try LoadedRules(rule, in: backend)
    #expect(loaded.rendered == loaded.printed)
    if backend == .legacy { #expect(loaded.printed == [rule.printed]) }
  }
}
