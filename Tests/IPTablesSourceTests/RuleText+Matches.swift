import Netfilter

extension RuleText {
  static let selectors: [RuleText] = [
    RuleText("", []),
    RuleText("-s 10.0.0.1/32", [.source(AddressMatch("10.0.0.1", "255.255.255.255"))]),
    RuleText("-s 10.0.0.1", [.source(AddressMatch("10.0.0.1", "255.255.255.255"))]),
    RuleText(
      "! -d 10.1.2.3/8", [.destination(AddressMatch("10.0.0.0", "255.0.0.0", inverted: true))]),
    RuleText("-s 1.2.3.4/255.0.255.0", [.source(AddressMatch("1.0.3.0", "255.0.255.0"))]),
    RuleText("-s 0.0.0.0/0", []),
    RuleText("! -s 0.0.0.0/0", [.source(AddressMatch("0.0.0.0", "0.0.0.0", inverted: true))]),
    RuleText(
      "-s fd00::1/64", [.source(AddressMatch("fd00::", "ffff:ffff:ffff:ffff::"))], family: .ipv6),
    RuleText(
      "-d ::1/ffff::ffff", [.destination(AddressMatch("::1", "ffff::ffff"))], family: .ipv6),
    RuleText(
      "-i eth+ ! -o docker0",
      [
        .inputInterface(InterfaceMatch(name: ByteString("eth"), isPrefix: true)),
        .outputInterface(
          InterfaceMatch(name: ByteString("docker0"), isPrefix: false, inverted: true)),
      ]),
    RuleText("-i +", []),
    RuleText("-p tcp", [.protocol(.tcp)]),
    RuleText("-p all", []),
    RuleText("-p all", [], family: .ipv6),
    RuleText(
      "! -i +",
      [.inputInterface(InterfaceMatch(name: ByteString(""), isPrefix: true, inverted: true))]
    ),
    RuleText("-p icmp", [.protocol(ProtocolMatch(number: 1))]),
    RuleText("! -p 200", [.protocol(ProtocolMatch(number: 200, inverted: true))]),
    RuleText("-p ipv6-icmp", [.protocol(ProtocolMatch(number: 58))], family: .ipv6),
    RuleText("-f", [.fragment(inverted: false)]),
    RuleText("! -f", [.fragment(inverted: true)]),
    RuleText(
      "-p tcp -o lo -i eth0 -d 10.0.0.2 -s 10.0.0.1",
      [
        .source(AddressMatch("10.0.0.1", "255.255.255.255")),
        .destination(AddressMatch("10.0.0.2", "255.255.255.255")),
        .inputInterface(InterfaceMatch(name: ByteString("eth0"), isPrefix: false)),
        .outputInterface(InterfaceMatch(name: ByteString("lo"), isPrefix: false)),
        .protocol(.tcp),
      ]),
  ]

  static let portMatches: [RuleText] = [
    RuleText(
      "-p tcp -m tcp --sport :5 ! --dport 7: ! --tcp-option 4",
      [
        .protocol(.tcp),
        .tcp(
          TCPMatch(
            source: PortRange(first: 0, last: 5),
            destination: PortRange(first: 7, inverted: true), option: 4, optionInverted: true)),
      ]),
    RuleText(
      "-p tcp -m tcp --syn",
      [.protocol(.tcp), .tcp(TCPMatch(flagMask: 0x17, flagsSet: 2))]),
    RuleText(
      "-p tcp -m tcp ! --tcp-flags ALL NONE",
      [.protocol(.tcp), .tcp(TCPMatch(flagMask: 0x3f, flagsInverted: true))]),
    RuleText(
      "-p tcp --dport 80",
      [.protocol(.tcp), .tcp(TCPMatch(destination: PortRange(first: 80, last: 80)))]),
    RuleText("-p tcp -m tcp", [.protocol(.tcp), .tcp(TCPMatch())]),
    RuleText(
      "-p udp -m udp ! --sport 53 --dport 1000:2000",
      [
        .protocol(.udp),
        .udp(
          UDPMatch(
            source: PortRange(first: 53, last: 53, inverted: true),
            destination: PortRange(first: 1000, last: 2000))),
      ]),
    // Whatever the order is: iptables takes, holds and saves what matches nothing.
    RuleText(
      "-p udp -m udp --dport 60000:29",
      [.protocol(.udp), .udp(UDPMatch(destination: PortRange(first: 60000, last: 29)))]),
    RuleText(
      "-p sctp -m sctp ! --sport 1:2 --dport 4",
      [
        .protocol(.sctp),
        .sctp(
          SCTPMatch(
            source: PortRange(first: 1, last: 2, inverted: true),
            destination: PortRange(first: 4, last: 4))),
      ]),
    RuleText(
      "-p tcp -m multiport ! --ports 1,2:3",
      [
        .protocol(.tcp),
        .multiport(
          MultiportMatch(
            side: .either,
            ports: [PortRange(first: 1, last: 1), PortRange(first: 2, last: 3)], inverted: true)),
      ]),
    RuleText(
      "-p udp -m multiport --dports 9100",
      [
        .protocol(.udp),
        .multiport(MultiportMatch(side: .destination, ports: [PortRange(first: 9100, last: 9100)])),
      ]),
    RuleText(
      "-p udp -m multiport --sports 1:65535",
      [
        .protocol(.udp),
        .multiport(MultiportMatch(side: .source, ports: [PortRange(first: 1, last: .max)])),
      ]),
  ]

  static let trackingMatches: [RuleText] = [
    RuleText(
      "-m conntrack ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,SNAT,DNAT,UNTRACKED",
      [
        .connectionTracking(
          ConnectionTrackingMatch(matchFlags: 1, invertFlags: 1, states: 0x1cf))
      ]),
    RuleText(
      "-m conntrack --ctstatus ASSURED,SEEN_REPLY --ctdir REPLY",
      [
        .connectionTracking(
          ConnectionTrackingMatch(matchFlags: 0x1040, invertFlags: 0x1000, statuses: 6))
      ]),
    RuleText(
      "-m conntrack ! --ctstatus NONE --ctdir ORIGINAL",
      [.connectionTracking(ConnectionTrackingMatch(matchFlags: 0x1040, invertFlags: 0x40))]),
    RuleText(
      "-m state ! --state NEW",
      [
        .connectionTracking(
          ConnectionTrackingMatch(matchFlags: 0x2001, invertFlags: 1, states: 8))
      ]),
    RuleText(
      "-m conntrack --ctproto 6 ! --ctexpire 3:9",
      [
        .connectionTracking(
          ConnectionTrackingMatch(
            matchFlags: 0x82, invertFlags: 0x80,
            others: zeros(168, [128: 3, 132: 9, 136: 6])))
      ]),
    RuleText(
      "-m conntrack --ctorigsrc 10.0.0.1/8 --ctrepldstport 80:90",
      [
        .connectionTracking(
          ConnectionTrackingMatch(
            matchFlags: 0x804, others: zeros(168, [0: 10, 3: 1, 16: 255, 144: 80, 160: 90])))
      ]),
    RuleText(
      "-m conntrack --ctorigdst 10.0.0.1",
      [
        .connectionTracking(
          ConnectionTrackingMatch(
            matchFlags: 8,
            others: zeros(
              168,
              [32: 10, 35: 1].merging((48..<64).map { ($0, UInt8(255)) }) { $1 })))
      ]),
  ]

  private static func zeros(_ count: Int, _ set: [Int: UInt8]) -> [UInt8] {
    (0..<count).map { set[$0] ?? 0 }
  }
}
