import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// Rule sets for the page.
enum PageHistory {
  /// The chains of shop/web, to whose two endpoints its chain leads in that order, behind others.
  static func ruleset(_ endpoints: [String], others: Int = 0, from first: Int = 0) -> RulesetText {
    let lines =
      ["-A KUBE-SERVICES -p tcp -m comment --comment \"shop/web cluster IP\" -j \(service)"]
      + endpoints.map { "-A \(service) -m comment --comment \"shop/web to \($0)\" -j \($0)" }
      + (first..<first + others).map {
        "-A OUTPUT -m comment --comment \"number \($0)\" -j ACCEPT"
      }
    return RulesetText(nat: lines.joined(separator: "\n"), filter: "")
  }

  static let service = "KUBE-SVC-E3PXEPMWAWIUT6ZV"
  static let endpoints = ["KUBE-SEP-AAAAAAAAAAAAAAAA", "KUBE-SEP-BBBBBBBBBBBBBBBB"]

  /// Two endpoints, and the same the other way round.
  static let states = [ruleset(endpoints), ruleset(endpoints.reversed())]

  struct Comment: CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    init(_ description: String, _ bytes: [UInt8]) {
      testDescription = description
      self.bytes = bytes
    }
  }

  static let hostileComments = [
    Comment("a script", Array("<script>alert(1)</script>".utf8)),
    Comment("the end of an element", Array("</code></td></tr></table><img src=x>".utf8)),
    Comment("a comment's end", Array("--><!--".utf8)),
    Comment("quotes", Array(#"" onmouseover="alert(1)" ' onfocus='x"#.utf8)),
    Comment("references", Array("&lt;b&gt; &#60;i&#62; &amp".utf8)),
    Comment("control characters", Array("a\u{1b}[2J\u{7}\r\n\t\u{7f}\u{9b}b".utf8)),
    Comment("turned direction", Array("a\u{202e}tpircs\u{2066}\u{200f}\u{2028}b".utf8)),
    Comment("invalid UTF-8", [0x78, 0xff, 0xc3, 0x28, 0xe2, 0x3c, 0x62, 0x3e, 0xf0]),
  ]

  /// A node to which a rule with the comment is added.
  static func withComment(_ comment: [UInt8]) -> [[FamilyReading]] {
    let rule = Rule("-p tcp", comment: comment, "-j KUBE-OTHER")
    return [[], [rule]].map { rules in
      let chains = [
        Chain(name: "KUBE-OTHER"), Chain(name: "KUBE-SOME<b>\"'&", rules: RuleList(rules)),
      ]
      let content = TableContent(family: .ipv4, name: .nat, chains: chains)
      let table = TableSnapshot(
        content: content, counters: Array(repeating: Counter(), count: content.ruleCount),
        policyCounters: [])
      return [FamilyReading(FamilySnapshot(backend: .legacy, family: .ipv4, tables: [table]))]
    }
  }
}
