import Netfilter

/// A rule as text, and what iptables-legacy-save 1.8.9 printed of it.
struct RenderedRule: Sendable, CustomStringConvertible {
  let text: String
  let printed: String
  let family: IPFamily
  let table: TableName
  /// The dump of another table, without which the kernel refuses the rule.
  let groundwork: String

  /// - Parameter printed: What stands after the chain's name; nil where that is `text` itself.
  init(
    _ text: String, _ printed: String? = nil, family: IPFamily = .ipv4, table: TableName = .filter,
    groundwork: String = ""
  ) {
    self.text = text
    let rest = printed ?? text
    self.printed = rest.isEmpty ? "-A HERE" : "-A HERE " + rest
    self.family = family
    self.table = table
    self.groundwork = groundwork
  }

  var description: String { text }

  var dump: String { groundwork + RuleText(text, family: family, table: table).dump }

  static let all = selectors + matches + comments + targets + translations

  static let selectors: [RenderedRule] = [
    RenderedRule("! -s 0.0.0.0/0"),
    RenderedRule("-s 1.2.3.4/255.0.255.0", "-s 1.0.3.0/255.0.255.0"),
    RenderedRule("-s 1.2.3.4/0.0.0.255", "-s 0.0.0.4/0.0.0.255"),
    RenderedRule("-s ::ffff:1.2.3.4/ffff::", "-s ::/16", family: .ipv6),
    RenderedRule("-s ::1.2.3.4", "-s ::1.2.3.4/128", family: .ipv6),
    RenderedRule("-s ::ffff:1.2.3.4", "-s ::ffff:1.2.3.4/128", family: .ipv6),
    RenderedRule("-s ::1:2", "-s ::0.1.0.2/128", family: .ipv6),
    RenderedRule("-s 0:0:0:0:1:0:0:0", "-s ::1:0:0:0/128", family: .ipv6),
    RenderedRule("-s 1:0:1:1:1:1:1:1", "-s 1:0:1:1:1:1:1:1/128", family: .ipv6),
    RenderedRule("-s 1:0:0:1:0:0:1:1", "-s 1::1:0:0:1:1/128", family: .ipv6),
    RenderedRule("! -s ::/0", family: .ipv6),
    RenderedRule("! -i + -o eth+", "-o eth+"),
    RenderedRule("-p tcp -m tcp ! --sport 0:65535", "-p tcp -m tcp"),
    RenderedRule("-p tcp -m tcp --sport 0:65535 --dport 0", "-p tcp -m tcp --dport 0"),
    RenderedRule(
      "-p tcp -m tcp --sport :5 ! --dport 7: ! --tcp-option 4",
      "-p tcp -m tcp --sport 0:5 ! --dport 7:65535 ! --tcp-option 4"),
    RenderedRule(
      "-p tcp -m tcp ! --tcp-flags ALL NONE --tcp-option 255",
      "-p tcp -m tcp --tcp-option 255 ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"),
    RenderedRule("-p tcp -m tcp --tcp-flags NONE NONE", "-p tcp -m tcp"),
    RenderedRule("-p tcp -m tcp ! --tcp-flags NONE NONE"),
    RenderedRule(
      "-p tcp -m tcp --tcp-flags ALL ALL",
      "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG FIN,SYN,RST,PSH,ACK,URG"),
    RenderedRule(
      "-p tcp -m tcp --tcp-flags SYN,FIN,URG SYN,URG",
      "-p tcp -m tcp --tcp-flags FIN,SYN,URG SYN,URG"),
    RenderedRule("-p tcp -m tcp --tcp-flags SYN ACK"),
    RenderedRule("-p tcp -m tcp"),
    RenderedRule("-p udp -m udp ! --sport 0:65535", "-p udp -m udp"),
    RenderedRule("-p udp -m udp"),
    RenderedRule("-p sctp -m sctp"),
    RenderedRule("-p sctp -m sctp ! --sport 1:2 --dport 4"),
    RenderedRule("-p tcp -m multiport ! --ports 1,2:3"),
    RenderedRule("-p tcp -m multiport --sports 3:65535"),
    RenderedRule("-f"),
    RenderedRule("! -f -p tcp", "-p tcp ! -f"),
    RenderedRule("-p sctp -m sctp ! --dport 0:65535"),
    RenderedRule("-p tcp -m multiport --dports 3:4,5"),
  ]

  static let matches: [RenderedRule] = [
    RenderedRule(
      "-m conntrack ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,SNAT,DNAT,UNTRACKED",
      "-m conntrack ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT"),
    RenderedRule(
      "-m conntrack --ctstatus ASSURED,SEEN_REPLY,CONFIRMED,EXPECTED --ctdir REPLY",
      "-m conntrack --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED --ctdir REPLY"),
    RenderedRule("-m conntrack ! --ctstatus NONE --ctdir ORIGINAL"),
    RenderedRule("-m conntrack ! --ctproto 6 ! --ctexpire 3:9"),
    RenderedRule("-m conntrack --ctproto 47 --ctexpire 3"),
    RenderedRule("-m conntrack --ctorigsrc 10.0.0.1/8 --ctrepldstport 80:90"),
    RenderedRule(
      "-m conntrack --ctorigsrcport 80 ! --ctorigdstport 80:90 --ctreplsrcport 80:80 ! --ctrepldstport 0 --ctproto 6 --ctstate NEW --ctstatus ASSURED --ctexpire 1 --ctdir REPLY ! --ctorigsrc 1.2.3.4",
      "-m conntrack --ctstate NEW --ctproto 6 ! --ctorigsrc 1.2.3.4 --ctorigsrcport 80 ! --ctorigdstport 80:90 --ctreplsrcport 80 ! --ctrepldstport 0 --ctstatus ASSURED --ctexpire 1 --ctdir REPLY"
    ),
    RenderedRule("-m state ! --state NEW"),
    RenderedRule("-m state --state INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED"),
    RenderedRule("-m addrtype ! --src-type LOCAL --dst-type UNICAST,LOCAL --limit-iface-in"),
    RenderedRule(
      "-m addrtype --src-type UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,XRESOLVE ! --dst-type UNSPEC"
    ),
    RenderedRule("-m addrtype --dst-type LOCAL --limit-iface-out"),
    RenderedRule("-m limit --limit 7/min --limit-burst 9"),
    RenderedRule("-m limit", "-m limit --limit 3/hour"),
    RenderedRule("-m limit --limit 3/sec"),
    RenderedRule("-m limit --limit 2/day"),
    RenderedRule("-m limit --limit 24/day", "-m limit --limit 1/hour"),
    RenderedRule("-m limit --limit 30/hour"),
    RenderedRule("-m limit --limit 60/hour", "-m limit --limit 1/min"),
    RenderedRule("-m limit --limit 60/min", "-m limit --limit 1/sec"),
    RenderedRule("-m limit --limit 90/min"),
    RenderedRule("-m limit --limit 10000/sec --limit-burst 10000"),
    RenderedRule("-m limit --limit 7777/sec", "-m limit --limit 10000/sec"),
    RenderedRule("-m limit --limit 333/min"),
    RenderedRule("-m mark ! --mark 0x3"),
    RenderedRule("-m mark --mark 0x4000/0x4000"),
    RenderedRule("-m mark --mark 010/16", "-m mark --mark 0x8/0x10"),
    RenderedRule("-m mark --mark 0", "-m mark --mark 0x0"),
    RenderedRule("-m mark --mark 0/0", "-m mark --mark 0x0/0x0"),
    RenderedRule(
      "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-X --mask 255.255.0.0 --rsource"),
    RenderedRule(
      "-m recent ! --update --seconds 4 --hitcount 3 --rttl --rdest",
      "-m recent ! --update --seconds 4 --hitcount 3 --rttl --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rdest",
      family: .ipv6),
    RenderedRule(
      "-m recent --set", "-m recent --set --name DEFAULT --mask 255.255.255.255 --rsource"),
    RenderedRule(
      #"-m recent --remove --name "a\"b c""#,
      #"-m recent --remove --name a"b c --mask 255.255.255.255 --rsource"#),
    RenderedRule(
      "-m recent ! --set --rdest", "-m recent ! --set --name DEFAULT --mask 255.255.255.255 --rdest"
    ),
    RenderedRule(
      "-m recent ! --rcheck", "-m recent ! --rcheck --name DEFAULT --mask 255.255.255.255 --rsource"
    ),
    RenderedRule(
      "-m recent ! --remove", "-m recent ! --remove --name DEFAULT --mask 255.255.255.255 --rsource"
    ),
    RenderedRule(
      "-m recent --update --rttl",
      "-m recent --update --rttl --name DEFAULT --mask 255.255.255.255 --rsource"),
    RenderedRule(
      "-m recent --update --seconds 1 --hitcount 2 --reap --rttl",
      "-m recent --update --seconds 1 --reap --hitcount 2 --rttl --name DEFAULT --mask 255.255.255.255 --rsource"
    ),
    RenderedRule("-m statistic --mode random --probability 0.33333333349"),
    RenderedRule(
      "-m statistic --mode random ! --probability 1.0",
      "-m statistic --mode random ! --probability 1.00000000000"),
    RenderedRule(
      "-m statistic --mode random --probability 0",
      "-m statistic --mode random --probability 0.00000000000"),
    RenderedRule(
      "-m statistic --mode random --probability 0.0000000005",
      "-m statistic --mode random --probability 0.00000000047"),
    RenderedRule(
      "-m statistic --mode random --probability 0.1",
      "-m statistic --mode random --probability 0.10000000009"),
    RenderedRule("-m statistic --mode nth ! --every 3 --packet 1"),
    RenderedRule("-m socket"),
    RenderedRule(
      "-m conntrack --ctorigsrc 1.2.3.4/255.255.0.0", "-m conntrack --ctorigsrc 1.2.3.4/16"),
  ]

  static let comments: [RenderedRule] = [
    RenderedRule("-m comment --comment -s"),
    RenderedRule(#"-m comment --comment """#),
    RenderedRule(#"-m comment --comment "a b""#),
    RenderedRule(#"-m comment --comment "a/b:c_d-e.f""#),
    RenderedRule(#"-m comment --comment "a@b""#),
    RenderedRule(#"-m comment --comment "a!b""#),
    RenderedRule(#"-m comment --comment "a+b=c,d%""#),
    RenderedRule(#"-m comment --comment "a$b`c(d){e}[f]<g>|h&i;j*k?l~m^n#o""#),
    RenderedRule(#"-m comment --comment "a\"b""#),
    RenderedRule(#"-m comment --comment "a\\b""#),
    RenderedRule(#"-m comment --comment "a'b""#, #"-m comment --comment "a\'b""#),
    RenderedRule(#"-m comment --comment "é""#),
    RenderedRule(#"-m comment --comment "!""#),
    RenderedRule(#"-m comment --comment "-""#, "-m comment --comment -"),
    RenderedRule("-m comment --comment _"),
  ]
}
