import Netfilter

extension RenderedRule {
  static let targets: [RenderedRule] = [
    RenderedRule("-j REJECT", "-j REJECT --reject-with icmp-port-unreachable"),
    RenderedRule("-p tcp -j REJECT --reject-with tcp-reset"),
    RenderedRule("-j REJECT --reject-with icmp-admin-prohibited"),
    RenderedRule("-j REJECT", "-j REJECT --reject-with icmp6-port-unreachable", family: .ipv6),
    RenderedRule("-j REJECT --reject-with icmp6-adm-prohibited", family: .ipv6),
    RenderedRule(
      "-j REJECT --reject-with policy-fail", "-j REJECT --reject-with icmp6-policy-fail",
      family: .ipv6),
    RenderedRule(
      "-j REJECT --reject-with reject-route", "-j REJECT --reject-with icmp6-reject-route",
      family: .ipv6),
    RenderedRule(
      "-j REJECT --reject-with no-route", "-j REJECT --reject-with icmp6-no-route", family: .ipv6),
    RenderedRule(
      "-j REJECT --reject-with addr-unreach", "-j REJECT --reject-with icmp6-addr-unreachable",
      family: .ipv6),
    RenderedRule("-p tcp -j REJECT --reject-with tcp-reset", family: .ipv6),
    RenderedRule(
      "-j REJECT --reject-with net-prohib", "-j REJECT --reject-with icmp-net-prohibited"),
    RenderedRule("-j MARK --set-mark 0x6/0x1", "-j MARK --set-xmark 0x6/0x7", table: .mangle),
    RenderedRule("-j MARK --set-mark 6", "-j MARK --set-xmark 0x6/0xffffffff", table: .mangle),
    RenderedRule("-j MARK --and-mark 0xff", "-j MARK --set-xmark 0x0/0xffffff00", table: .mangle),
    RenderedRule("-j MARK --or-mark 0x4000", "-j MARK --set-xmark 0x4000/0x4000", table: .mangle),
    RenderedRule("-j MARK --xor-mark 0x4000", "-j MARK --set-xmark 0x4000/0x0", table: .mangle),
    RenderedRule("-j MARK --set-xmark 0/0", "-j MARK --set-xmark 0x0/0x0", table: .mangle),
    RenderedRule("-g THERE"),
    RenderedRule("-j THERE"),
    RenderedRule("-j QUEUE"),
    RenderedRule("-j NOTRACK", table: .raw),
    RenderedRule("-j TRACE", table: .raw),
    RenderedRule("! -p tcp -m comment --comment x -j DROP"),
  ]

  static let translations: [RenderedRule] = [
    RenderedRule("-p tcp -j DNAT --to-destination 10.0.0.1:80", table: .nat),
    RenderedRule(
      "-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90/5 --random --persistent", table: .nat
    ),
    RenderedRule(
      "-p tcp -j DNAT --to-destination 10.0.0.1:80-80",
      "-p tcp -j DNAT --to-destination 10.0.0.1:80", table: .nat),
    RenderedRule("-p tcp -j DNAT --to-destination :80", table: .nat),
    RenderedRule("-p tcp -j DNAT --to-destination :0", table: .nat),
    RenderedRule(
      "-j DNAT --to-destination 10.0.0.1-10.0.0.1", "-j DNAT --to-destination 10.0.0.1", table: .nat
    ),
    RenderedRule("-p tcp -j DNAT --to-destination [fd00::1]:80", family: .ipv6, table: .nat),
    RenderedRule(
      "-p tcp -j DNAT --to-destination [fd00::1-fd00::2]:80-90 --persistent", family: .ipv6,
      table: .nat),
    RenderedRule(
      "-j DNAT --to-destination [fd00::1]", "-j DNAT --to-destination fd00::1", family: .ipv6,
      table: .nat),
    RenderedRule("-p tcp -j DNAT --to-destination :80", family: .ipv6, table: .nat),
    RenderedRule("-p tcp -j DNAT --to-destination [fd00::1]:80-90/7", family: .ipv6, table: .nat),
    RenderedRule("-j DNAT --to-destination fd00::1-fd00::9", family: .ipv6, table: .nat),
    RenderedRule("-j SNAT --to-source 10.0.0.1 --random-fully", table: .nat),
    RenderedRule(
      "-j SNAT --to-source 10.0.0.1-10.0.0.3 --random --persistent --random-fully",
      "-j SNAT --to-source 10.0.0.1-10.0.0.3 --random --random-fully --persistent", table: .nat),
    RenderedRule(
      "-p udp -j SNAT --to-source :80-90 --random --random-fully --persistent", table: .nat),
    RenderedRule(
      "-p udp -j SNAT --to-source [fd00::1]:80-90 --random --random-fully --persistent",
      family: .ipv6, table: .nat),
    RenderedRule("-j MASQUERADE --random-fully", table: .nat),
    RenderedRule("-p tcp -j MASQUERADE --to-ports 80-90 --random --random-fully", table: .nat),
    RenderedRule("-p tcp -j MASQUERADE --to-ports 80-90", family: .ipv6, table: .nat),
    RenderedRule("-p tcp -j REDIRECT --to-ports 80 --random", table: .nat),
    RenderedRule("-j REDIRECT", table: .nat),
    RenderedRule("-p tcp -j REDIRECT --to-ports 80-99 --random", family: .ipv6, table: .nat),
    RenderedRule("-p tcp -j REDIRECT --random", table: .nat),
    RenderedRule("-j MASQUERADE --random", table: .nat),
  ]
}
