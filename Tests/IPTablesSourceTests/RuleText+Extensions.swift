import Netfilter

extension RuleText {
  static let otherMatches: [RuleText] = [
    RuleText(
      "-m addrtype ! --src-type LOCAL --dst-type UNICAST,LOCAL --limit-iface-in",
      [.addressType(AddressTypeMatch(source: 4, destination: 6, flags: 5))]),
    RuleText("-m comment --comment -s", [.comment(ByteString("-s"))]),
    RuleText("-m comment --comment \"\"", [.comment(ByteString(""))]),
    RuleText(
      #"-m comment --comment "a \"b\" \\ \'c\'" -m comment --comment two"#,
      [.comment(ByteString(#"a "b" \ 'c'"#)), .comment(ByteString("two"))]),
    RuleText(
      "-m limit --limit 7/min --limit-burst 9",
      [.limit(LimitMatch(average: 85714, burst: 9))]),
    RuleText("-m limit", [.limit(LimitMatch(average: 12_000_000, burst: 5))]),
    RuleText("-m limit --limit 3/sec", [.limit(LimitMatch(average: 3333, burst: 5))]),
    RuleText("-m limit --limit 2/day", [.limit(LimitMatch(average: 432_000_000, burst: 5))]),
    RuleText("-m mark ! --mark 0x3", [.mark(MarkMatch(value: 3, mask: .max, inverted: true))]),
    RuleText("-m mark --mark 0x4000/0x4000", [.mark(MarkMatch(value: 0x4000, mask: 0x4000))]),
    RuleText("-m mark --mark 010/16", [.mark(MarkMatch(value: 8, mask: 16))]),
    RuleText(
      "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-X --mask 255.255.0.0 --rsource",
      [
        .recent(
          RecentMatch(
            name: ByteString("KUBE-SEP-X"), flags: 33, seconds: 10800, hitCount: 0,
            isDestination: false, mask: .literal("255.255.0.0")))
      ]),
    RuleText(
      "-m recent ! --update --seconds 4 --hitcount 3 --rttl --rdest",
      [
        .recent(
          RecentMatch(
            name: ByteString("DEFAULT"), flags: 20, seconds: 4, hitCount: 3, isDestination: true,
            mask: .literal("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), inverted: true))
      ], family: .ipv6),
    RuleText(
      "-m statistic --mode random --probability 0.33333333349",
      [.statistic(StatisticMatch(mode: .random(probability: 715_827_883)))]),
    RuleText(
      "-m statistic --mode random ! --probability 1.0",
      [.statistic(StatisticMatch(mode: .random(probability: 0x8000_0000), inverted: true))]),
    RuleText(
      "-m statistic --mode nth ! --every 3 --packet 1",
      [.statistic(StatisticMatch(mode: .nth(every: 3, packet: 1), inverted: true))]),
  ]

  static let targets: [RuleText] = [
    RuleText("-j ACCEPT", [], .verdict(.accept)),
    RuleText("-j DROP", [], .verdict(.drop)),
    RuleText("-j RETURN", [], .verdict(.return)),
    RuleText("-j THERE", [], .jump("THERE")),
    RuleText("-g THERE", [], .goto("THERE")),
    RuleText("-j REJECT", [], .reject(with: 3)),
    RuleText("-p tcp -j REJECT --reject-with tcp-reset", [.protocol(.tcp)], .reject(with: 7)),
    RuleText("-j REJECT --reject-with icmp-admin-prohibited", [], .reject(with: 8)),
    RuleText("-j REJECT", [], .reject(with: 4), family: .ipv6),
    RuleText(
      "-j REJECT --reject-with icmp6-adm-prohibited", [], .reject(with: 1), family: .ipv6),
    RuleText(
      "-j MARK --set-xmark 0x4000/0x4000", [], .mark(value: 0x4000, mask: 0x4000), table: .mangle),
    RuleText("-j MARK --set-mark 0x6/0x1", [], .mark(value: 6, mask: 7), table: .mangle),
    RuleText("-j MARK --set-mark 6", [], .mark(value: 6, mask: .max), table: .mangle),
    RuleText("-j MARK --and-mark 0xff", [], .mark(value: 0, mask: 0xffff_ff00), table: .mangle),
    RuleText("-j MARK --or-mark 0x4000", [], .mark(value: 0x4000, mask: 0x4000), table: .mangle),
    RuleText("-j MARK --xor-mark 0x4000", [], .mark(value: 0x4000, mask: 0), table: .mangle),
    RuleText(
      "-p tcp -j DNAT --to-destination 10.0.0.1:80", [.protocol(.tcp)],
      .destinationNAT(AddressTranslation(3, "10.0.0.1", "10.0.0.1", (80, 80))), table: .nat),
    RuleText(
      "-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90/5 --random --persistent",
      [.protocol(.tcp)],
      .destinationNAT(AddressTranslation(47, "10.0.0.1", "10.0.0.9", (80, 90), base: 5)),
      table: .nat),
    RuleText(
      "-p tcp -j DNAT --to-destination :80", [.protocol(.tcp)],
      .destinationNAT(AddressTranslation(2, "0.0.0.0", "0.0.0.0", (80, 80))), table: .nat),
    RuleText(
      "-p tcp -j DNAT --to-destination [fd00::1]:80", [.protocol(.tcp)],
      .destinationNAT(AddressTranslation(3, "fd00::1", "fd00::1", (80, 80))), family: .ipv6,
      table: .nat),
    RuleText(
      "-j DNAT --to-destination fd00::1-fd00::9", [],
      .destinationNAT(AddressTranslation(1, "fd00::1", "fd00::9", (0, 0))), family: .ipv6,
      table: .nat),
    RuleText(
      "-j SNAT --to-source 10.0.0.1 --random-fully", [],
      .sourceNAT(AddressTranslation(17, "10.0.0.1", "10.0.0.1", (0, 0))), table: .nat),
    RuleText(
      "-j MASQUERADE --random-fully", [],
      .masquerade(AddressTranslation(16, "0.0.0.0", "0.0.0.0", (0, 0))), table: .nat),
    RuleText(
      "-p tcp -j MASQUERADE --to-ports 80-90", [.protocol(.tcp)],
      .masquerade(AddressTranslation(2, "::", "::", (80, 90))), family: .ipv6, table: .nat),
    RuleText(
      "-p tcp -j REDIRECT --to-ports 80 --random", [.protocol(.tcp)],
      .redirect(AddressTranslation(6, "0.0.0.0", "0.0.0.0", (80, 80))), table: .nat),
    RuleText(
      "-j REDIRECT", [], .redirect(AddressTranslation(0, "0.0.0.0", "0.0.0.0", (0, 0))),
      table: .nat),
  ]

  static let unknown: [RuleText] = [
    RuleText(
      "-j NOTRACK", [], .unrecognised(Unrecognised(name: "CT", payload: [])), table: .raw),
    RuleText(
      #"-j LOG --log-prefix "hi \"there""#, [],
      .unrecognised(
        Unrecognised(name: "LOG", payload: Array(#"--log-prefix "hi \"there""#.utf8)))),
    RuleText(
      "-j LOG --log-prefix -s --log-level 3", [],
      .unrecognised(Unrecognised(name: "LOG", payload: Array("--log-prefix -s --log-level 3".utf8)))
    ),
    RuleText(
      "-p icmp -m icmp ! --icmp-type 8 -j ACCEPT",
      [
        .protocol(ProtocolMatch(number: 1)),
        .unrecognised(Unrecognised(name: "icmp", payload: Array("! --icmp-type 8".utf8))),
      ], .verdict(.accept)),
    RuleText(
      "-p sctp -m sctp --dport 4 --chunk-types any DATA:UBE,INIT ! -i lo -g THERE",
      [
        .inputInterface(InterfaceMatch(name: ByteString("lo"), isPrefix: false, inverted: true)),
        .protocol(.sctp),
        .unrecognised(
          Unrecognised(
            name: "sctp", payload: Array("--dport 4 --chunk-types any DATA:UBE,INIT".utf8))),
      ], .goto("THERE")),
  ]

  /// All of them; a kernel takes them too.
  static let known = selectors + portMatches + trackingMatches + otherMatches + targets + unknown
}
