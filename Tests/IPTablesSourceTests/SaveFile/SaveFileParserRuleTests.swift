import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Rules of a saved file")
struct SaveFileParserRuleTests {
  @Test("A rule is parsed to what the kernel would hold", arguments: RuleText.known)
  func rule(_ expected: RuleText) throws {
    let snapshots = try SaveFileParser.parse(Array(expected.dump.utf8))
    #expect(RuleText.rule(in: snapshots) == expected.rule)
  }

  @Test(
    "Old spellings mean the same as new ones",
    arguments: [
      ("-s ! 10.0.0.1", "! -s 10.0.0.1/32"),
      ("-i ! eth0", "! -i eth0"),
      ("-p ! tcp", "! -p tcp"),
      ("--protocol tcp --in-interface lo --jump ACCEPT", "-p tcp -i lo -j ACCEPT"),
      ("-p tcp -m tcp --dport ! 80", "-p tcp -m tcp ! --dport 80"),
      ("-p tcp -m tcp --sport ! 80:90 --dport 1", "-p tcp -m tcp ! --sport 80:90 --dport 1"),
      ("-p tcp -m tcp ! --syn", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"),
      (
        "-p tcp -m tcp --tcp-flags ! SYN,RST SYN -j DROP",
        "-p tcp -m tcp ! --tcp-flags SYN,RST SYN -j DROP"
      ),
      ("-m state --state ! NEW", "-m state ! --state NEW"),
      ("-m mark --mark ! 0x1 -j ACCEPT", "-m mark ! --mark 0x1 -j ACCEPT"),
      ("-m recent --set --name X --rsource", "-m recent --set --name X --mask 255.255.255.255"),
      ("-m tcp -p tcp --dport 80", "-p tcp -m tcp --dport 80"),
      ("-p 6 -j MARK --set-xmark 0x1/0xffffffff", "-p tcp -j MARK --set-mark 1"),
      ("-p 17\t-j   ACCEPT ", "-p udp -j ACCEPT"),
    ])
  func oldSpelling(old: String, new: String) throws {
    let rules = try [old, new].map { text in
      RuleText.rule(in: try SaveFileParser.parse(Array(RuleText.dump(text).utf8)))
    }
    #expect(rules[0] != nil)
    #expect(rules[0] == rules[1])
  }

  @Test("A comment's line ends are part of it, and of the numbers of the lines after it")
  func newlineInComment() throws {
    let dump = RuleText.dump("-m comment --comment \"a\n*nat\n\\\"b\" -j ACCEPT")
    let rule = try #require(RuleText.rule(in: SaveFileParser.parse(Array(dump.utf8))))
    #expect(rule.comments == [ByteString("a\n*nat\n\"b")])
    let error = #expect(throws: ReadingError.self) {
      try SaveFileParser.parse(Array((dump + "*fruit\n").utf8))
    }
    let last = dump.split(separator: "\n", omittingEmptySubsequences: false).count
    #expect(error?.operation == .parseLine(number: last, text: "*fruit"))
  }

  @Test(
    "What isn't known is kept as text",
    arguments: [
      ("-m tcp --new-option 3", "tcp", "--new-option 3"),
      ("-m conntrack --ctstate NEW --ctlabel x", "conntrack", "--ctstate NEW --ctlabel x"),
      ("-m addrtype --dst-type GALACTIC", "addrtype", "--dst-type GALACTIC"),
      ("-m statistic --mode lunar", "statistic", "--mode lunar"),
      ("-m set ! --match-set A src,dst", "set", "! --match-set A src,dst"),
      ("-m rpfilter --loose --invert", "rpfilter", "--loose --invert"),
      ("-m odd bare words", "odd", "bare words"),
      // Values that aren't understood.
      ("-p tcp -m tcp --dport 65536", "tcp", "--dport 65536"),
      ("-p tcp -m tcp --dport http", "tcp", "--dport http"),
      ("-p tcp -m tcp --dport", "tcp", "--dport"),
      ("-p udp -m udp --sport 1 2", "udp", "--sport 1 2"),
      ("-m multiport --dports 1,,2", "multiport", "--dports 1,,2"),
      ("-m mark --mark 0xfffffffff", "mark", "--mark 0xfffffffff"),
      ("-m mark --mark 08", "mark", "--mark 08"), ("-m mark --mark 1/", "mark", "--mark 1/"),
      ("-m limit --limit 0/s", "limit", "--limit 0/s"),
      (
        "-m statistic --mode random --probability nan", "statistic",
        "--mode random --probability nan"
      ),
      ("-m recent --set --mask fruit", "recent", "--set --mask fruit"),
      ("-m conntrack [unsupported revision]", "conntrack", "[unsupported revision]"),
      ("-p icmp --icmp-type 8", "icmp", "--icmp-type 8"),
      ("-m string --string \"-m tcp\" --algo bm", "string", "--string \"-m tcp\" --algo bm"),
    ])
  func unknownMatch(text: String, name: String, payload: String) throws {
    let dump = RuleText.dump(text + " -j ACCEPT")
    let rule = try #require(RuleText.rule(in: SaveFileParser.parse(Array(dump.utf8))))
    #expect(rule.text(in: "HERE").hasSuffix(" -m \(name) \(payload) -j ACCEPT"))
    try expectSameTextAgain(rule)
  }

  @Test(
    "So is what isn't understood of a target",
    arguments: [
      ("MARK", "[unsupported revision]"), ("DNAT", "[unsupported revision]"),
      ("DNAT", "--to-destination 10.0.0.1:99999"), ("SNAT", "--to-source [fd00::1"),
      ("DNAT", "--to-destination 10.0.0.x"), ("REDIRECT", "--to-ports 90-80"),
      ("MARK", "--set-xmark 0x1/0x1/0x1"), ("REJECT", "--reject-with a b"),
    ])
  func unknownTarget(name: String, payload: String) throws {
    let dump = RuleText.dump("-p tcp -j \(name) \(payload)")
    let rule = try #require(RuleText.rule(in: SaveFileParser.parse(Array(dump.utf8))))
    #expect(rule.text(in: "HERE") == "-A HERE -p tcp -j \(name) \(payload)")
    try expectSameTextAgain(rule)
  }

  /// What is printed of a rule is read as the same rule, where its text is shown.
  private func expectSameTextAgain(
    _ rule: Rule, at location: SourceLocation = #_sourceLocation
  ) throws {
    let text = rule.text(in: "HERE").dropFirst("-A HERE ".count)
    if text.contains("[unrecognised") { return }
    let again = try SaveFileParser.parse(Array(RuleText.dump(String(text)).utf8))
    #expect(RuleText.rule(in: again) == rule, sourceLocation: location)
  }

  @Test(
    "A comment holds any bytes but a newline and a zero",
    arguments: [
      Array("service portals".utf8), Array(#"quotes " ' and \ "#.utf8), [0xff, 0xfe, 0x80],
      Array("-m tcp ! --dport 1 -j DROP".utf8), Array("🦊".utf8), [], [0x07, 0x1b, 0x09],
      (0..<255).map { UInt8(33 + $0 % 90) }, Array(repeating: UInt8(ascii: "\""), count: 255),
    ])
  func comment(_ bytes: [UInt8]) throws {
    let escaped = bytes.flatMap { #""\'"#.utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
    let text = RuleText.dump("-m comment --comment \"@\" -j ACCEPT")
    let parts = text.utf8.split(separator: UInt8(ascii: "@"))
    let dump = Array(parts[0]) + escaped + Array(parts[1])
    let rule = try #require(RuleText.rule(in: SaveFileParser.parse(dump)))
    #expect(rule.comments == [ByteString(bytes: bytes)])
    #expect(rule.withoutComments == "-j ACCEPT")
  }

  @Test(
    "A quote within a word that isn't closed is a byte like any other",
    arguments: [#"a"b"#, #"a"b c"#, #"x""#, #"a"b"c"d e"#, #"a"\"#])
  func rawQuote(name: String) throws {
    let text = "-m recent --set --name \(name) --mask 255.255.255.255 --rsource -j ACCEPT"
    let dump = RuleText.dump(text + "\n-A HERE " + text)
    let tables = try SaveFileParser.parse(Array(dump.utf8)).flatMap(\.tables)
    let chain = tables.flatMap(\.content.chains).first { $0.name == "HERE" }
    let rule = Rule(line: Array(text.utf8)[...])
    #expect(chain?.rules.map { $0.text(in: "HERE") } == [rule, rule].map { $0.text(in: "HERE") })
  }
}
