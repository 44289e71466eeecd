import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("A rule of the kernel equals the one that iptables-save prints of it", .liveKernel)
struct SavedRuleLiveTests {
  @Test("In either backend", arguments: Backend.allCases, RenderedRule.ofKernel)
  func same(_ backend: Backend, _ rule: RenderedRule) throws {
    guard backend == .legacy || rule.isTakenByNFT else { return }
    let loaded = try LoadedRules(rule, in: backend)
    let saved = try #require(RuleText.rule(in: SaveFileParser.parse(loaded.saved)))
    #expect(loaded.rule?.asSaved(family: rule.family) == saved)
  }
}

extension RenderedRule {
  /// All but those of which iptables-save leaves something out, or prints what it couldn't read again.
  fileprivate static let ofKernel =
    all.filter { !lossy.contains($0.text) } + extensions + targetExtensions

  private static let lossy = [
    "! -i + -o eth+", "-p tcp -m tcp ! --sport 0:65535", "-p udp -m udp ! --sport 0:65535",
    #"-m recent --remove --name "a\"b c""#,
  ]

  /// iptables-nft 1.8.9 refuses some.
  fileprivate var isTakenByNFT: Bool {
    !["! -s 0.0.0.0/0", "! -s ::/0", "-j QUEUE"].contains(text)
  }
}
