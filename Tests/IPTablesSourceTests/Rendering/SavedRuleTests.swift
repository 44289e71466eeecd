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
    #expect(loaded.rule == saved)
  }

  @Test("Where it says less than the rule, or another than was said", arguments: Backend.allCases)
  func spellings(_ backend: Backend) throws {
    for rule in RenderedRule.spellings {
      let loaded = try LoadedRules(rule, in: backend)
      let saved = try #require(RuleText.rule(in: SaveFileParser.parse(loaded.saved)))
      #expect(
        loaded.rule == saved, "\(rule)")
    }
  }
}

@Suite("What iptables-save leaves out")
struct OmittedTextTests {
  @Test(
    "A rule equals its line, whether that has it or not",
    arguments: [
      ("! -i + ! -o +", ""), ("! -i + -o eth0", "-o eth0"),
      ("-p tcp -m tcp ! --sport 0:65535 --dport 9", "-p tcp -m tcp --dport 9"),
      ("-p udp -m udp ! --dport :", "-p udp -m udp"),
      ("-p tcp -m tcp --tcp-flags NONE SYN", "-p tcp -m tcp"),
    ])
  func omitted(text: String, printed: String) throws {
    let rules = try [text, printed].map {
      try #require(RuleText.rule(in: SaveFileParser.parse(Array(RuleText($0).dump.utf8))))
    }
    #expect(rules[0] == rules[1])
  }

  @Test(
    "What it prints isn't taken for that",
    arguments: [
      "! -i eth+", "-p tcp -m tcp ! --sport 1:65535", "-p tcp -m tcp ! --tcp-flags NONE SYN",
      "-p sctp -m sctp ! --sport 0:65535",
    ])
  func printed(text: String) throws {
    let rule = try #require(
      RuleText.rule(in: SaveFileParser.parse(Array(RuleText(text).dump.utf8))))
    #expect(rule.text(in: "HERE") == "-A HERE \(text)")
  }
}

extension RenderedRule {
  /// All but those of which iptables-save leaves something out, or prints what it couldn't read again.
  fileprivate static let ofKernel =
    all.filter { !lossy.contains($0.text) } + extensions + targetExtensions

  private static let lossy = [#"-m recent --remove --name "a\"b c""#]

  /// Bounds, negations of them, and texts as long as may be.
  fileprivate static let spellings: [RenderedRule] =
    [
      "! -i +", "! -o +", "! -i + ! -o +", "-i abcdefghijklmno", "! -i abcdefghijklmn+",
      "-p tcp -m tcp ! --sport :", "-p tcp -m tcp ! --sport : --dport 9",
      "-p tcp -m tcp --dport :", "-p tcp -m tcp ! --dport :5", "-p tcp -m tcp ! --dport :65534",
      "-p tcp -m tcp ! --dport 5:", "-p tcp -m tcp ! --sport 65535", "-p udp -m udp ! --dport :",
      "-p udp -m udp ! --dport :5", "-p sctp -m sctp ! --dport :", "-p sctp -m sctp ! --dport :5",
      "-p tcp -m tcp --tcp-flags NONE SYN", "-p tcp -m tcp ! --tcp-flags NONE SYN",
      "-m mark ! --mark 0/0", "-m length ! --length 0:65535",
      "-m comment --comment \(String(repeating: "c", count: 255))",
      "-j LOG --log-prefix \(String(repeating: "p", count: 29))",
    ].map { RenderedRule($0) }
    + [1, 63, 64, 65, 126, 127].flatMap { length in
      IPFamily.allCases.map {
        RenderedRule(
          "-j NFLOG --nflog-prefix \(String(repeating: "p", count: length))", family: $0)
      }
    }

  /// iptables-nft 1.8.9 refuses some.
  fileprivate var isTakenByNFT: Bool {
    !["! -s 0.0.0.0/0", "! -s ::/0", "-j QUEUE"].contains(text)
  }
}
