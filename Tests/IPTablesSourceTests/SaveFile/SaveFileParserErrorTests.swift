import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Errors in a saved file")
struct SaveFileParserErrorTests {
  @Test(
    "A line that can't be understood is told with its number and cause",
    arguments: [
      ("*nat\n:A - [0:0]\n", 2, "before COMMIT"),
      ("*nat\n:A - [0:0]\n*filter\nCOMMIT\n", 3, "no COMMIT"),
      ("*nat\n:A - [0:0]\n-A B -j ACCEPT\nCOMMIT\n", 3, "no chain 'B'"),
      ("# a comment\n\n*fruit\nCOMMIT\n", 3, "not a table"),
      ("*nat filter\nCOMMIT\n", 1, "not a table"),
      ("-A INPUT -j ACCEPT\n", 1, "outside"),
      ("*nat\nCOMMIT\nCOMMIT\n", 3, "outside"),
      ("*nat\nCOMMIT\n:A - [0:0]\n", 3, "outside"),
      ("*nat\nCOMMIT\n*nat\nCOMMIT\n", 3, "twice"),
      ("*nat\n:A - [0:x]\nCOMMIT\n", 2, "counters"),
      ("*nat\n:A - [0:0] more\nCOMMIT\n", 2, "more than"),
      ("*nat\n:A PERHAPS [0:0]\nCOMMIT\n", 2, "not a policy"),
      ("*nat\n:A - [0:0]\n:A - [0:0]\nCOMMIT\n", 3, "twice"),
      (
        "*nat\n:ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF - [0:0]\nCOMMIT\n", 2, "not a chain's name"
      ),
      ("\u{7f}ELF\u{1}\u{2}\n", 1, "not a line"),
      ("*nat\nexit\nCOMMIT\n", 2, "not a line"),
      ("*nat\r\n:A - [0:0]\r\n-A A -j\r\nCOMMIT\r\n", 3, "without its value"),
    ])
  func structure(text: String, number: Int, cause: String) throws {
    try expectError(text, number, cause)
  }

  @Test(
    "A rule that can't be understood is told with its cause",
    arguments: [
      ("-s 10.0.0.256", "IPv4 address"), ("-s fd00::1", "IPv4 address"),
      ("-s 10.0.0.0/33", "network"), ("-s 10.0.0.0/-1", "IPv4 address"), ("-d", "value"),
      ("-s 10.0.0.1 -s 10.0.0.2", "twice"), ("-i averylonginterface", "interface"),
      ("-p fruit", "protocol"), ("-p tcp -m tcp --dport 65536", "port"),
      ("-p tcp -m tcp --dport http", "port"), ("-p tcp -m tcp --dport 9:8", "range"),
      ("-p tcp -m tcp --dport", "one value"), ("-p udp -m udp --sport 1 2", "one value"),
      ("-m multiport --dports 1,,2", "port"), ("-m mark --mark 0xfffffffff", "mark"),
      ("-m mark --mark 08", "mark"), ("-m mark --mark 1/", "mask"),
      ("-m limit --limit 0/s", "rate"),
      ("-m statistic --mode random --probability 1.1", "probability"),
      ("-m statistic --mode random --probability nan", "probability"),
      ("-m recent --set --mask fruit", "address"), ("-m comment --comment \"open", "quote"),
      ("-m comment --comment \"open\\", "quote"), ("-m comment --comment \"open\\\"", "quote"),
      ("-j DNAT --to-destination 10.0.0.1:99999", "port"),
      ("-j SNAT --to-source [fd00::1", "translate"),
      ("-j DNAT --to-destination 10.0.0.x", "address"), ("-g NOWHERE", "chain"),
      ("-j ACCEPT -j DROP", "another target"), ("--dport 80", "not understood"),
      ("bare", "not understood"), ("!", "nothing after"), ("-m", "value"),
    ])
  func rule(text: String, cause: String) throws {
    try expectError(RuleText.dump(text), 8, cause)
    try expectError(RuleText.dump(text).replacing("-A HERE", with: "[1:2] -A HERE"), 8, cause)
  }

  @Test(
    "A rule's beginning must be whole",
    arguments: [
      ("[1:2 -A A", "counters"), ("[1] -A A", "counters"), ("[:] -A A", "counters"),
      ("[-1:2] -A A", "counters"), ("[18446744073709551616:2] -A A", "counters"),
      ("[1:2]", "-A"), ("-D A", "-A"), ("-A", "value"), ("-A \"\"", "name"),
    ])
  func beginning(line: String, cause: String) throws {
    try expectError("*nat\n:A - [0:0]\n\(line)\nCOMMIT\n", 3, cause)
  }

  @Test("A zero byte is an error wherever it stands")
  func zeroByte() throws {
    try expectError("# a comm\0ent\n", 1, "zero byte")
    try expectError(
      "*nat\n:A - [0:0]\n-A A -m comment --comment \"a\0b\"\nCOMMIT\n", 3, "zero byte")
  }

  @Test("A quote that isn't closed takes no other line with it")
  func openQuote() throws {
    let next = "\n-A HERE -m comment --comment \"next\" -j ACCEPT"
    try expectError(RuleText.dump("-m comment --comment \"open -j ACCEPT" + next), 8, "quote")
    let far = "\n# " + String(repeating: "x", count: 600) + "\" "
    try expectError(RuleText.dump("-m comment --comment \"open" + far), 8, "quote")
  }

  @Test("A file may end anywhere: it is then an error, or lacks what followed")
  func truncated() throws {
    let text = try Fixture("legacy-1.28/a-01-baseline.v6.rules").bytes()
    for count in text.indices {
      let part = Array(text[..<count])
      do throws(ReadingError) {
        let families = try SaveFileParser.parse(part)
        let commits = part.split(separator: UInt8(ascii: "\n")).count { $0 == Self.commit }
        #expect(families.flatMap(\.tables).count == commits, "\(count) bytes")
      } catch {
        guard case .parseLine = error.operation else { throw error }
      }
    }
  }

  private static let commit = Array("COMMIT".utf8)[...]

  @Test(
    "Quotations that go on for many lines take no longer than their length",
    .timeLimit(.minutes(1)))
  func manyQuotations() throws {
    let quotations = String(repeating: " \"a\n\"", count: 200_000)
    let text = "*nat\n:A - [0:0]\n-A A -m comment --comment x\(quotations)\nCOMMIT\n"
    let table = try SaveFileParser.parse(Array(text.utf8)).first?.table(.nat)
    #expect(table?.content.ruleCount == 1)
  }

  @Test("The text shown is short and printable")
  func textShown() throws {
    let line = "fruit\u{1b}[31m " + String(repeating: "x", count: 1000)
    let error = #expect(throws: ReadingError.self) {
      try SaveFileParser.parse(Array(line.utf8) + [0xff])
    }
    guard case .parseLine(1, let text) = error?.operation else {
      Issue.record("\(String(describing: error)) is no parseLine")
      return
    }
    #expect(text.hasPrefix("fruit\u{FFFD}[31m xxx"))
    #expect(text.hasSuffix("xxx…"))
    #expect(text.utf8.count < 210)
  }

  private func expectError(
    _ text: String, _ number: Int, _ cause: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let error = #expect(throws: ReadingError.self, sourceLocation: location) {
      try SaveFileParser.parse(Array(text.utf8))
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let shown = lines[number - 1].replacing("\0", with: "\u{FFFD}")
    guard case .parseLine(number, let text) = error?.operation else {
      Issue.record("\(error.map(String.init(describing:)) ?? "none")", sourceLocation: location)
      return
    }
    if !shown.contains(where: { $0 < " " }) { #expect(text == shown, sourceLocation: location) }
    #expect(error?.cause.contains(cause) == true, "\(error?.cause ?? "")", sourceLocation: location)
  }
}
