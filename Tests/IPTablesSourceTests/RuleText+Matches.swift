import Netfilter

extension RuleText {
  static let selectors: [RuleText] = [
    RuleText(""),
    RuleText("-s 10.0.0.1/32"),
    RuleText("-s 10.0.0.1", "-s 10.0.0.1/32"),
    RuleText("! -d 10.1.2.3/8", "! -d 10.0.0.0/8"),
    RuleText("-s 1.2.3.4/255.0.255.0", "-s 1.0.3.0/255.0.255.0"),
    RuleText("-s 0.0.0.0/0", ""),
    RuleText("! -s 0.0.0.0/0"),
    RuleText("-s fd00::1/64", "-s fd00::/64", family: .ipv6),
    RuleText("-d ::1/ffff::ffff", family: .ipv6),
    RuleText("-i eth+ ! -o docker0"),
    RuleText("-i +", ""),
    RuleText("-p tcp"),
    RuleText("-p all", ""),
    RuleText("-p all", "", family: .ipv6),
    RuleText("! -i +", ""),
    RuleText("-p icmp"),
    RuleText("! -p 200"),
    RuleText("-p ipv6-icmp", family: .ipv6),
    RuleText("-f"),
    RuleText("! -f"),
    RuleText(
      "-p tcp -o lo -i eth0 -d 10.0.0.2 -s 10.0.0.1",
      "-s 10.0.0.1/32 -d 10.0.0.2/32 -i eth0 -o lo -p tcp"),
  ]

  static let portMatches: [RuleText] = [
    RuleText(
      "-p tcp -m tcp --sport :5 ! --dport 7: ! --tcp-option 4",
      "-p tcp -m tcp --sport 0:5 ! --dport 7:65535 ! --tcp-option 4"),
    RuleText("-p tcp -m tcp --syn", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
    RuleText(
      "-p tcp -m tcp ! --tcp-flags ALL NONE",
      "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"),
    RuleText("-p tcp --dport 80", "-p tcp -m tcp --dport 80"),
    RuleText("-p tcp -m tcp"),
    RuleText("-p udp -m udp ! --sport 53 --dport 1000:2000"),
    RuleText("-p udp -m udp --dport 60000:29"),
    RuleText("-p sctp -m sctp ! --sport 1:2 --dport 4"),
    RuleText("-p tcp -m multiport ! --ports 1,2:3"),
    RuleText("-p udp -m multiport --dports 9100"),
    RuleText("-p udp -m multiport --sports 1:65535"),
  ]

  static let trackingMatches: [RuleText] = [
    RuleText(
      "-m conntrack ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,SNAT,DNAT,UNTRACKED",
      "-m conntrack ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT"),
    RuleText(
      "-m conntrack --ctstatus ASSURED,SEEN_REPLY --ctdir REPLY",
      "-m conntrack --ctstatus SEEN_REPLY,ASSURED --ctdir REPLY"),
    RuleText("-m conntrack ! --ctstatus NONE --ctdir ORIGINAL"),
    RuleText("-m state ! --state NEW"),
    RuleText("-m conntrack --ctproto 6 ! --ctexpire 3:9"),
    RuleText("-m conntrack --ctorigsrc 10.0.0.1/8 --ctrepldstport 80:90"),
    RuleText("-m conntrack --ctorigdst 10.0.0.1"),
  ]

  static let otherMatches: [RuleText] = [
    RuleText("-m addrtype ! --src-type LOCAL --dst-type UNICAST,LOCAL --limit-iface-in"),
    RuleText("-m comment --comment -s"),
    RuleText(#"-m comment --comment """#),
    RuleText(#"-m comment --comment "a \"b\" \\ \'c\'" -m comment --comment two"#),
    RuleText("-m limit --limit 7/min --limit-burst 9"),
    RuleText("-m limit", "-m limit --limit 3/hour"),
    RuleText("-m limit --limit 3/sec"),
    RuleText("-m limit --limit 2/day"),
    RuleText("-m mark ! --mark 0x3"),
    RuleText("-m mark --mark 0x4000/0x4000"),
    RuleText("-m mark --mark 010/16", "-m mark --mark 0x8/0x10"),
    RuleText(
      "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-X --mask 255.255.0.0 --rsource"),
    RuleText(
      "-m recent ! --update --seconds 4 --hitcount 3 --rttl --rdest",
      "-m recent ! --update --seconds 4 --hitcount 3 --rttl --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rdest",
      family: .ipv6),
    RuleText("-m statistic --mode random --probability 0.33333333349"),
    RuleText(
      "-m statistic --mode random ! --probability 1.0",
      "-m statistic --mode random ! --probability 1.00000000000"),
    RuleText("-m statistic --mode nth ! --every 3 --packet 1"),
  ]
}
