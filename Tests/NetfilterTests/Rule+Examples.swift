import Netfilter

extension Rule {
  /// Rules with every match and every target, at the limits of their values.
  static let examples: [Rule] =
    matchExamples.map { Rule(matches: [$0], target: .none) }
    + targetExamples.map { Rule(target: $0) }
    + [
      Rule(matches: matchExamples, target: .jump("KUBE-SVC-NPX46M4PTMTKRN6Y")),
      Rule(matches: matchExamples.reversed(), target: .verdict(.drop)),
    ]

  private static let matchExamples: [Match] =
    builtInExamples + portExamples + [
      .addressType(AddressTypeMatch(source: .max, destination: 4, flags: 15)),
      .comment(ByteString("kubernetes service portals")),
      .comment(ByteString(bytes: Array(repeating: 0xff, count: 255))),
      .comment(ByteString("")),
      .connectionTracking(ConnectionTrackingMatch(matchFlags: 0x2001, invertFlags: 1, states: 8)),
      .connectionTracking(
        ConnectionTrackingMatch(
          matchFlags: .max, invertFlags: .max, states: .max, statuses: .max,
          others: Array(repeating: 7, count: 168))),
      .limit(LimitMatch(average: .max, burst: 0)),
      .mark(MarkMatch(value: 0x4000, mask: .max)),
      .mark(MarkMatch(value: 0x4000, mask: .max, inverted: true)),
      .accounting(objectName: ByteString("localhost_nps_accepted_pkts")),
      .recent(
        RecentMatch(
          name: ByteString("DEFAULT"), flags: 63, seconds: .max, hitCount: 255, isDestination: true,
          mask: IPAddress(ipv6High: .max, low: 1), inverted: true)),
      .recent(
        RecentMatch(
          name: ByteString("KUBE-SEP-X"), flags: 1, seconds: 10800, hitCount: 0,
          isDestination: false,
          mask: IPAddress(ipv4: .max))),
      .statistic(StatisticMatch(mode: .random(probability: 0x8000_0000))),
      .statistic(StatisticMatch(mode: .random(probability: 0), inverted: true)),
      .statistic(StatisticMatch(mode: .nth(every: 3, packet: .max))),
      .unrecognised(Unrecognised(name: "set", revision: 4, payload: Array(0...255))),
      .unrecognised(Unrecognised(name: "set", payload: [])),
    ]

  private static let builtInExamples: [Match] = [
    .source(AddressMatch(address: IPAddress(ipv4: 0x0a00_0001), mask: IPAddress(ipv4: .max))),
    .source(
      AddressMatch(
        address: IPAddress(ipv6High: 0xfd00 << 48, low: 1),
        mask: IPAddress(ipv6High: .max, low: .max), inverted: true)),
    .destination(
      AddressMatch(address: IPAddress(ipv4: 0), mask: IPAddress(ipv4: 0), inverted: true)),
    .inputInterface(InterfaceMatch(name: ByteString("eth"), isPrefix: true)),
    .inputInterface(InterfaceMatch(name: ByteString("eth"), isPrefix: false)),
    .outputInterface(
      InterfaceMatch(name: ByteString(bytes: [0xff]), isPrefix: false, inverted: true)),
    .protocol(.tcp),
    .protocol(ProtocolMatch(number: 255, inverted: true)),
    .fragment(inverted: false),
    .fragment(inverted: true),
  ]

  private static let portExamples: [Match] = [
    .multiport(MultiportMatch(side: .source, ports: [])),
    .multiport(
      MultiportMatch(
        side: .either, ports: (1...15).map { PortRange(first: $0, last: .max, inverted: $0 == 3) },
        inverted: true)),
    .sctp(SCTPMatch(destination: PortRange(first: 1, last: 1))),
    .tcp(TCPMatch()),
    .tcp(
      TCPMatch(
        source: PortRange(first: .max, last: .max, inverted: true), option: 255,
        optionInverted: true, flagMask: 0x3f, flagsSet: 2, flagsInverted: true)),
    .udp(UDPMatch(source: PortRange(first: 1, last: 2))),
    .udp(UDPMatch(destination: PortRange(first: 1, last: 2))),
  ]

  private static let targetExamples: [Target] = {
    let none = AddressTranslation(flags: 0, first: IPAddress(ipv4: 0), last: IPAddress(ipv4: 0))
    let full = AddressTranslation(
      flags: 63, first: IPAddress(ipv6High: 1, low: 2), last: IPAddress(ipv6High: .max, low: .max),
      firstPort: 1, lastPort: .max, basePort: 80)
    return [
      .none, .jump("A"), .goto("A"), .jump("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE"),
      .verdict(.accept), .verdict(.drop), .verdict(.queue), .verdict(.return),
      .destinationNAT(none), .destinationNAT(full), .sourceNAT(none), .sourceNAT(full),
      .masquerade(none), .masquerade(full), .redirect(none), .redirect(full),
      .mark(value: 0, mask: .max), .mark(value: .max, mask: 0), .reject(with: 0),
      .reject(with: .max), .unrecognised(Unrecognised(name: "LOG", revision: 1, payload: [1, 0])),
    ]
  }()
}
