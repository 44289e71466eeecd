import Netfilter
import TestSupport
import Testing

@Suite("What a packed rule tells without being unpacked")
struct RuleOutlineTests {
  @Test("Real rules' outlines say what the rules say", arguments: Fixture.all)
  func realRules(_ fixture: Fixture) throws {
    for table in try fixture.snapshot().tables {
      for chain in table.content.chains { expectOutlines(chain.rules) }
    }
  }

  @Test("Whatever a rule matches")
  func everyMatch() {
    let rules = Self.matches.map { Rule(matches: [$0] + Self.dispatch, target: .jump("KUBE-X")) }
    expectOutlines(RuleList(rules))
    expectOutlines(
      RuleList([
        Rule(matches: Self.matches, target: .destinationNAT(Self.translation)),
        Rule(matches: Self.matches.reversed(), target: .none),
      ]))
  }

  @Test("Whatever a rule does")
  func everyTarget() {
    let targets: [Target] = [
      .none, .jump("A"), .goto("KUBE-SEP-LJJGETP72SETW55D"),
      .jump("a-name-as-long-as-a-chain's-can"), .verdict(.accept), .verdict(.drop),
      .verdict(.queue), .verdict(.return), .destinationNAT(Self.translation),
      .sourceNAT(Self.translation), .masquerade(Self.translation), .redirect(Self.translation),
      .mark(value: .max, mask: 1), .reject(with: 0),
      .unrecognised(Unrecognised(name: "SET", revision: 3, payload: [1, 2, 3])),
    ]
    expectOutlines(RuleList(targets.map { Rule(target: $0) }))
    expectOutlines(RuleList(targets.map { Rule(matches: Self.dispatch, target: $0) }))
  }

  private func expectOutlines(_ rules: RuleList) {
    for (position, rule) in rules.enumerated() {
      let packed = rules.packed(at: position)
      let bytes = packed.span
      let outline = RuleList.Outline(bytes)
      let comment = outline.comment.map { range in range.map { bytes[$0] } }
      #expect(comment == rule.comment?.bytes)
      #expect(outline.ipProtocol == rule.ipProtocol)
      #expect(outline.destination == rule.destination)
      #expect(outline.destinationPort == rule.destinationPort)
      #expect(outline.outcome == outcome(of: rule))
      #expect(rules.outcome(at: position) == outline.outcome)
    }
  }

  private func outcome(of rule: Rule) -> RuleList.Outcome {
    switch rule.target {
    case .jump(let name), .goto(let name): .chain(name)
    case .destinationNAT(let translation): .destinationNAT(translation)
    case .reject, .verdict(.drop): .blocked
    default: .other
    }
  }

  private static let address = IPAddress(ipv6High: 0xfd00 << 48, low: .max)
  private static let mask = IPAddress(ipv6High: .max, low: .max)
  private static let translation = AddressTranslation(
    flags: 63, first: address, last: mask, firstPort: 1, lastPort: .max, basePort: 300)

  /// What a dispatch rule matches.
  private static let dispatch: [Match] = [
    .destination(AddressMatch(address: IPAddress(ipv4: 0x0a60_0001), mask: IPAddress(ipv4: .max))),
    .protocol(.tcp), .comment(ByteString("shop/web cluster IP")),
    .tcp(TCPMatch(destination: PortRange(first: 80, last: 80))),
  ]

  /// Some of every kind, of which several could be a rule's first comment, protocol or port.
  private static let matches: [Match] = [
    .source(AddressMatch(address: address, mask: mask, inverted: true)),
    .destination(AddressMatch(address: address, mask: mask)),
    .destination(AddressMatch(address: IPAddress(ipv4: 0), mask: IPAddress(ipv4: 0))),
    .inputInterface(InterfaceMatch(name: ByteString("eth"), isPrefix: true)),
    .outputInterface(InterfaceMatch(name: ByteString("lo"), isPrefix: false, inverted: true)),
    .protocol(ProtocolMatch(number: 17, inverted: true)), .protocol(.sctp), .protocol(.udp),
    .fragment(inverted: true),
    .addressType(AddressTypeMatch(source: .max, destination: 4, flags: 15)),
    .comment(ByteString("")), .comment(ByteString(bytes: Array(repeating: 0xff, count: 255))),
    .connectionTracking(
      ConnectionTrackingMatch(
        matchFlags: .max, invertFlags: 1, states: .max, statuses: 2, others: [1, 2, 3])),
    .limit(LimitMatch(average: .max, burst: 5)),
    .mark(MarkMatch(value: 0x4000, mask: .max, inverted: true)),
    .multiport(
      MultiportMatch(
        side: .either, ports: [PortRange(first: 1, last: .max), PortRange()], inverted: true)),
    .accounting(objectName: ByteString("localhost_nps_accepted_pkts")),
    .recent(
      RecentMatch(
        name: ByteString("DEFAULT"), flags: 63, seconds: .max, hitCount: 255, isDestination: true,
        mask: mask, inverted: true)),
    .recent(
      RecentMatch(
        name: ByteString("KUBE-SEP-X"), flags: 1, seconds: 10800, hitCount: 0,
        isDestination: false, mask: IPAddress(ipv4: .max))),
    .sctp(SCTPMatch(source: .any, destination: PortRange(first: 7, last: 9))),
    .statistic(StatisticMatch(mode: .random(probability: 0x8000_0000), inverted: true)),
    .statistic(StatisticMatch(mode: .nth(every: 3, packet: .max))),
    .tcp(TCPMatch(destination: PortRange(first: 80, last: 80, inverted: true))),
    .udp(UDPMatch(source: .any, destination: PortRange(first: 53, last: 53))),
    .unrecognised(Unrecognised(name: "set", revision: 4, payload: Array(0...255))),
  ]
}
