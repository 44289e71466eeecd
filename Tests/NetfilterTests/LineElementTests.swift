import Netfilter
import TestSupport
import Testing

@Suite("A line taken apart")
struct LineElementTests {
  /// Each element: the `!` before it, its kind's first letter, its name, and its values in brackets.
  private static func outline(_ rule: Rule) -> String {
    var parts: [String] = []
    rule.forEachElement { element, line, _ in
      func text(_ range: Range<Int>) -> String {
        String(decoding: line.bytes(in: range), as: UTF8.self)
      }
      let kind = "\(element.kind)".prefix(1)
      let values = element.values.isEmpty ? "" : "[\(text(element.values))]"
      parts.append("\(element.isInverted ? "!" : "")\(kind):\(text(element.name))\(values)")
    }
    return parts.joined(separator: " ")
  }

  @Test(
    "Gives selectors, matches, options and targets",
    arguments: [
      ("", ""), ("-j ACCEPT", "t:ACCEPT"), ("-g A", "g:A"), ("! -f", "!s:-f"),
      (
        "-s 10.0.0.0/8 ! -d 10.0.0.1/32 -i eth+ -p tcp -m tcp --dport 80 -j A",
        "s:-s[10.0.0.0/8] !s:-d[10.0.0.1/32] s:-i[eth+] s:-p[tcp] m:tcp o:--dport[80] t:A"
      ),
      (
        "-m recent --rcheck --seconds 5 --reap -j A",
        "m:recent o:--rcheck o:--seconds[5] o:--reap t:A"
      ),
      ("-m set ! --match-set a src,dst -j A", "m:set !o:--match-set[a src,dst] t:A"),
      (
        "-p tcp -m tcp --tcp-flags FIN,SYN SYN -j DROP",
        "s:-p[tcp] m:tcp o:--tcp-flags[FIN,SYN SYN] t:DROP"
      ),
      (#"-m comment --comment "a \" -j b" -j A"#, #"m:comment o:--comment["a \" -j b"] t:A"#),
      (#"-m comment --comment "" -j A"#, #"m:comment o:--comment[""] t:A"#),
      ("-m comment --comment -j -j A", "m:comment o:--comment[-j] t:A"),
      ("-j LOG --log-prefix -m --log-level 4", "t:LOG o:--log-prefix[-m] o:--log-level[4]"),
      ("-m nfacct --nfacct-name  plain -j A", "m:nfacct o:--nfacct-name[plain] t:A"),
      ("-m odd [unrecognised, 2 bytes, 00] -j A", "m:odd o:[[unrecognised, 2 bytes, 00]] t:A"),
      (#"-m comment --comment "no end"#, #"m:comment o:--comment["no end]"#),
      ("-m", "m:"), ("!", ""), ("-j", "t:"), ("! -m x -d", "!m:x s:-d"), ("--", "o:--"),
    ])
  func elements(_ line: String, _ expected: String) {
    #expect(Self.outline(Rule(stringLiteral: line)) == expected)
  }

  @Test("Gives every dump's lines back, put together again", arguments: Fixture.all)
  func together(_ fixture: Fixture) throws {
    for rule in try fixture.snapshot().tables.flatMap({ $0.content.chains.flatMap(\.rules) }) {
      var words: [[UInt8]] = []
      rule.forEachElement { element, line, _ in
        if element.isInverted { words.append(Array("!".utf8)) }
        switch element.kind {
        case .match: words.append(Array("-m".utf8))
        case .target: words.append(Array("-j".utf8))
        case .goto: words.append(Array("-g".utf8))
        case .selector, .option: break
        }
        words.append(line.bytes(in: element.name))
        if !element.values.isEmpty { words.append(line.bytes(in: element.values)) }
      }
      let line = Array(words.joined(separator: " ".utf8)).filter { $0 != UInt8(ascii: " ") }
      #expect(line == rule.line.filter { $0 != UInt8(ascii: " ") })
    }
  }

  @Test("No bytes trap")
  func anyBytes() {
    let alphabet = Array(#"-!"\ jmgsdpf:0/.,["#.utf8) + [0, 0xff]
    var random = SplitMix64(seed: 3)
    for _ in 0..<20_000 {
      let line = (0..<Int.random(in: 0..<24, using: &random)).compactMap { _ in
        alphabet.randomElement(using: &random)
      }
      let rule = Rule(line: line[...])
      _ = (Self.outline(rule), rule.outline, rule.comments, rule.withoutComments)
    }
  }

  @Test("Comments are told, and can be left out")
  func comments() {
    let rule: Rule =
      #"-p tcp -m comment --comment "a \"b\" \\c" -m comment --comment d -m mark --mark 0x1 -j A"#
    #expect(rule.comments == [ByteString(#"a "b" \c"#), ByteString("d")])
    // What stands behind the target is no match.
    #expect(Rule("-j ACCEPT -m comment --comment e").comments.isEmpty)
    #expect(rule.withoutComments == "-p tcp -m mark --mark 0x1 -j A")
    #expect(("-m comment --comment a -j A" as Rule).withoutComments == "-j A")
    #expect(("-j A" as Rule).withoutComments == "-j A")
  }
}
