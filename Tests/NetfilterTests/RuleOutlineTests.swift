import Netfilter
import TestSupport
import Testing

@Suite("What a rule's outline says")
struct RuleOutlineTests {
  @Test("Is what the words of real rules say", arguments: Fixture.all)
  func realRules(_ fixture: Fixture) throws {
    for table in try fixture.snapshot().tables {
      for chain in table.content.chains {
        for rule in chain.rules {
          expectWords(rule)
        }
      }
    }
  }

  /// An account of the same by the words alone, for which no comment may hold an option.
  private func expectWords(_ rule: Rule) {
    let text = String(decoding: rule.line, as: UTF8.self)
    let words = text.split(separator: " ").map(String.init)
    func value(_ option: String) -> String? {
      guard let index = words.firstIndex(of: option), index + 1 < words.count else { return nil }
      return (index > 0 && words[index - 1] == "!" ? "! " : "") + words[index + 1]
    }
    let outline = rule.outline
    #expect(RuleList([rule]).outcome(at: 0) == outline.outcome)
    #expect(outline.destination.map(\.words) == value("-d"))
    #expect(rule.source.map(\.words) == value("-s"))
    #expect(outline.ipProtocol.map { Self.protocols[$0] ?? "\($0)" } == value("-p"))
    let isUDPOrTCP = words.contains("udp") || words.contains("tcp")
    if isUDPOrTCP { #expect(outline.destinationPort.map { "\($0)" } == value("--dport")) }
    switch value("-j") {
    case "DNAT":
      guard case .destinationNAT(let translation) = outline.outcome else {
        Issue.record("no translation: \(text)")
        return
      }
      #expect(translation.description == value("--to-destination"))
    case "DROP", "REJECT": #expect(outline.outcome == .blocked)
    case let name? where name.hasPrefix("KUBE-"):
      #expect(ChainName(name).map(RuleOutcome.chain) == outline.outcome)
    default: break
    }
  }

  private static let protocols: [UInt8: String] = [1: "icmp", 6: "tcp", 17: "udp", 132: "sctp"]

  @Test(
    "A chain, a translation, a block, or something else",
    arguments: [
      ("-j A", .chain("A")), ("-g A", .chain("A")), ("-g LOG", .chain("LOG")),
      (#"-m comment --comment "a -j b""#, .other), ("-m comment --comment -j -g B", .chain("B")),
      (#"-j LOG --log-prefix "-j A""#, .other), ("-j LOG --log-prefix -j", .other),
      ("-m x-j A", .other), ("x-j A", .other), ("j A", .other), (" ", .other),
      ("-j a-name-as-long-as-a-chain's-can", .chain("a-name-as-long-as-a-chain's-can")),
      ("", .other), ("-p tcp", .other), ("-j ACCEPT", .other), ("-j RETURN", .other),
      ("-j DROP", .blocked), ("-j REJECT --reject-with tcp-reset", .blocked),
      ("-j LOG", .other), ("-j ODD [unrecognised, 2 bytes, 00]", .other),
      ("-j DNAT [unrecognised, 8 bytes, 00]", .unknownDestinationNAT),
      ("-j DNAT", .unknownDestinationNAT),
      ("-j DNAT --to-destination nowhere", .unknownDestinationNAT),
      // What an iptables prints that doesn't know the rule's revision.
      (
        "-j DNAT --to-destination :0 --persistent --to-destination :0 --persistent --to-destination 0.0.0.0 --persistent",
        .unknownDestinationNAT
      ),
      (
        "-j DNAT --to-destination  --random --to-destination  --random --to-destination",
        .unknownDestinationNAT
      ),
      ("-j DNAT --to-destination :0 --to-destination 10.0.0.1:80", .unknownDestinationNAT),
      ("-j DNAT --to-destination 10.0.0.1:80 10.0.0.2", .unknownDestinationNAT),
      ("-j DNAT --to-destination 10.0.0.1:80 --odd", .unknownDestinationNAT),
      ("-j DNAT --to-destination :0", .unknownDestinationNAT),
      ("-j DNAT --to-destination 10.0.0.1:0", .unknownDestinationNAT),
      ("-j DNAT --to-destination :80", translation(2, "0.0.0.0", "0.0.0.0", (80, 80))),
      ("-j DNAT --to-destination 10.0.0.1:80", translation(3, "10.0.0.1", "10.0.0.1", (80, 80))),
      ("-j DNAT --to-destination [fd00::1]:80", translation(3, "fd00::1", "fd00::1", (80, 80))),
      ("-j DNAT --to-destination fd00::1", translation(1, "fd00::1", "fd00::1", (0, 0))),
      ("-j DNAT --to-destination :80-90 --random", translation(6, "0.0.0.0", "0.0.0.0", (80, 90))),
      (
        "-j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90/100 --persistent",
        translation(43, "10.0.0.1", "10.0.0.9", (80, 90), 100)
      ),
    ] as [(Rule, RuleOutcome)])
  func outcome(_ rule: Rule, _ expected: RuleOutcome) {
    #expect(rule.outline.outcome == expected)
    #expect(RuleList(["", rule]).outcome(at: 1) == expected)
  }

  private static func translation(
    _ flags: UInt32, _ first: String, _ last: String, _ ports: (UInt16, UInt16), _ base: UInt16 = 0
  ) -> RuleOutcome {
    let zero = IPAddress(ipv4: 0)
    return .destinationNAT(
      AddressTranslation(
        flags: flags, first: IPAddress(first) ?? zero, last: IPAddress(last) ?? zero,
        firstPort: ports.0, lastPort: ports.1, basePort: base))
  }

  @Test("The first comment counts, and a port only of tcp, udp and sctp")
  func conditions() {
    let rule: Rule =
      #"-d 10.0.0.0/255.0.255.0 ! -p udp -m comment --comment "a b" -m comment --comment c -m dccp --dport 9 -m tcp --dport 80 -j A"#
    let outline = rule.outline
    let line = rule.line.span
    #expect(outline.comment.map { line.bytes(in: $0) } == Array("a b".utf8))
    #expect(outline.ipProtocol == nil)
    #expect(outline.destinationPort == 80)
    #expect(outline.destination?.mask == IPAddress("255.0.255.0"))
    #expect(("-p tcp -m tcp --dport 80:90" as Rule).outline.destinationPort == nil)
    #expect(("-p tcp -m tcp ! --dport 80" as Rule).outline.destinationPort == nil)
    #expect(("-p 200" as Rule).outline.ipProtocol == 200)
    #expect(("-p ipv6-icmp" as Rule).outline.ipProtocol == 58)
    #expect(("-d ::/0 -s fd00::/64" as Rule).source?.mask.prefixLength == 64)
  }
}

extension AddressMatch {
  fileprivate var words: String {
    "\(inverted ? "! " : "")\(address)/\(mask.prefixLength.map { "\($0)" } ?? "\(mask)")"
  }
}
