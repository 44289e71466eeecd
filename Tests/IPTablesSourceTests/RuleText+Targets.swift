import Netfilter

extension RuleText {
  static let targets: [RuleText] = [
    RuleText("-j ACCEPT"),
    RuleText("-j DROP"),
    RuleText("-j RETURN"),
    RuleText("-j THERE"),
    RuleText("-g THERE"),
    RuleText("-j REJECT", "-j REJECT --reject-with icmp-port-unreachable"),
    RuleText("-p tcp -j REJECT --reject-with tcp-reset"),
    RuleText("-j REJECT --reject-with icmp-admin-prohibited"),
    RuleText("-j REJECT", "-j REJECT --reject-with icmp6-port-unreachable", family: .ipv6),
    RuleText("-j REJECT --reject-with icmp6-adm-prohibited", family: .ipv6),
    RuleText("-j MARK --set-xmark 0x4000/0x4000", table: .mangle),
    RuleText("-j MARK --set-mark 0x6/0x1", "-j MARK --set-xmark 0x6/0x7", table: .mangle),
    RuleText("-j MARK --set-mark 6", "-j MARK --set-xmark 0x6/0xffffffff", table: .mangle),
    RuleText("-j MARK --and-mark 0xff", "-j MARK --set-xmark 0x0/0xffffff00", table: .mangle),
    RuleText("-j MARK --or-mark 0x4000", "-j MARK --set-xmark 0x4000/0x4000", table: .mangle),
    RuleText("-j MARK --xor-mark 0x4000", "-j MARK --set-xmark 0x4000/0x0", table: .mangle),
    RuleText("-p tcp -j DNAT --to-destination 10.0.0.1:80", table: .nat),
    RuleText(
      "-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90/5 --random --persistent",
      table: .nat),
    RuleText("-p tcp -j DNAT --to-destination :80", table: .nat),
    RuleText("-p tcp -j DNAT --to-destination [fd00::1]:80", family: .ipv6, table: .nat),
    RuleText("-j DNAT --to-destination fd00::1-fd00::9", family: .ipv6, table: .nat),
    RuleText("-j SNAT --to-source 10.0.0.1 --random-fully", table: .nat),
    RuleText("-j MASQUERADE --random-fully", table: .nat),
    RuleText("-p tcp -j MASQUERADE --to-ports 80-90", family: .ipv6, table: .nat),
    RuleText("-p tcp -j REDIRECT --to-ports 80 --random", table: .nat),
    RuleText("-j REDIRECT", table: .nat),
  ]

  static let unknown: [RuleText] = [
    RuleText("-j NOTRACK", table: .raw),
    RuleText(#"-j LOG --log-prefix "hi \"there""#),
    RuleText("-j LOG --log-prefix -s --log-level 3"),
    RuleText("-p icmp -m icmp ! --icmp-type 8 -j ACCEPT"),
    RuleText(
      "-p sctp -m sctp --dport 4 --chunk-types any DATA:UBE,INIT ! -i lo -g THERE",
      "! -i lo -p sctp -m sctp --dport 4 --chunk-types any DATA:UBE,INIT -g THERE"),
  ]

  /// All of them; a kernel takes them too.
  static let known = selectors + portMatches + trackingMatches + otherMatches + targets + unknown

  /// Those that iptables-nft takes: a condition that nothing meets is not among them.
  static let knownToNFT = known.filter { $0.text != "! -s 0.0.0.0/0" }
}
