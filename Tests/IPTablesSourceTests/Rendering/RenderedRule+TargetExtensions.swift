import Netfilter

/// Targets that are kept as the kernel's bytes.
extension RenderedRule {
  static let targetExtensions =
    logTargets + trackingTargets + connectionTargets + pathTargets + headerTargets
    + rarerTargets

  static let logTargets: [RenderedRule] = [
    RenderedRule("-j LOG"),
    RenderedRule("-j LOG --log-prefix \"calico-packet: \" --log-level 5", family: .ipv6),
    RenderedRule(
      #"-p tcp -j LOG --log-level emerg --log-prefix "[UFW BLOCK] 'a\"\\" --log-macdecode --log-uid --log-ip-options --log-tcp-options --log-tcp-sequence"#,
      #"-p tcp -j LOG --log-prefix "[UFW BLOCK] \'a\"\\" --log-level 0 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode"#
    ),
    RenderedRule("-j LOG --log-prefix 01234567890123456789012345678 --log-level 7"),
    RenderedRule("-j LOG --log-level warning", "-j LOG"),
    RenderedRule("-j NFLOG"),
    RenderedRule("-j NFLOG --nflog-group 65535", family: .ipv6),
    RenderedRule(
      "-j NFLOG --nflog-threshold 3 --nflog-size 0 --nflog-group 1 --nflog-prefix DPI|cnx",
      "-j NFLOG --nflog-prefix \"DPI|cnx\" --nflog-group 1 --nflog-size 0 --nflog-threshold 3"),
    RenderedRule("-j NFLOG --nflog-prefix 0 --nflog-size 80"),
    RenderedRule("-j NFLOG --nflog-range 7"),
    RenderedRule("-j AUDIT --type accept"),
    RenderedRule("-j AUDIT --type drop", family: .ipv6),
    RenderedRule("-j AUDIT --type reject"),
    RenderedRule("-j IDLETIMER --timeout 30 --label a-timer"),
    RenderedRule("-j IDLETIMER --timeout 4 --label an-alarm --alarm"),
    RenderedRule("-j TRACE", table: .raw),
  ]

  static let trackingTargets: [RenderedRule] = [
    RenderedRule("-j NOTRACK", table: .raw),
    RenderedRule("-j NOTRACK", family: .ipv6, table: .raw),
    RenderedRule("-j CT", table: .raw),
    RenderedRule("-j CT --notrack", table: .raw),
    RenderedRule("-p tcp -j CT --helper ftp", table: .raw),
    RenderedRule(
      "-p udp -j CT --zone 65535 --helper tftp --ctevents destroy",
      "-p udp -j CT --helper tftp --ctevents destroy --zone 65535", family: .ipv6, table: .raw),
    RenderedRule(
      "-j CT --expevents new --ctevents new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark",
      "-j CT --ctevents new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark --expevents new",
      table: .raw),
    RenderedRule("-j CT --zone 0", "-j CT", table: .raw),
    RenderedRule("-j CT --zone mark", table: .raw),
    RenderedRule("-j CT --zone-orig 7", table: .raw),
    RenderedRule("-j CT --zone-reply mark", table: .raw),
  ]

  static let connectionTargets: [RenderedRule] = [
    RenderedRule("-j CONNMARK --set-mark 3", "-j CONNMARK --set-xmark 0x3/0xffffffff"),
    RenderedRule(
      "-j CONNMARK --set-mark 0x6/0x1", "-j CONNMARK --set-xmark 0x6/0x7", family: .ipv6),
    RenderedRule("-j CONNMARK --and-mark 3", "-j CONNMARK --set-xmark 0x0/0xfffffffc"),
    RenderedRule(
      "-j CONNMARK --save-mark", "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
    RenderedRule(
      "-j CONNMARK --restore-mark --mask 0xf0000",
      "-j CONNMARK --restore-mark --nfmask 0xf0000 --ctmask 0xf0000", table: .mangle),
    RenderedRule(
      "-j CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x4 --left-shift-mark 8", table: .mangle),
    RenderedRule("-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x0 --right-shift-mark 31"),
    RenderedRule("-j CONNMARK --set-xmark 0x3/0x4 --right-shift-mark 1"),
    RenderedRule("-j CONNSECMARK --save", table: .mangle),
    RenderedRule("-j CONNSECMARK --restore", family: .ipv6, table: .mangle),
    RenderedRule("-p tcp -m tcp -j SYNPROXY"),
    RenderedRule(
      "-p tcp -j SYNPROXY --ecn --mss 1460 --wscale 7 --timestamp --sack-perm",
      "-p tcp -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 --ecn", family: .ipv6),
    RenderedRule("-p tcp -j SYNPROXY --wscale 0 --mss 0"),
  ]

  static let pathTargets: [RenderedRule] = [
    RenderedRule(
      "-p tcp -j TPROXY --on-port 33333",
      "-p tcp -j TPROXY --on-port 33333 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0", table: .mangle),
    RenderedRule(
      "-p udp -j TPROXY --on-port 1 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
      table: .mangle),
    RenderedRule(
      "-p tcp -j TPROXY --on-port 258 --on-ip ::1.2.3.4 --tproxy-mark 0x1/0x2", family: .ipv6,
      table: .mangle),
    RenderedRule("-j NFQUEUE", "-j NFQUEUE --queue-num 0"),
    RenderedRule("-j NFQUEUE --queue-num 65535 --queue-bypass", family: .ipv6),
    RenderedRule("-j NFQUEUE --queue-balance 0:65534"),
    RenderedRule("-j NFQUEUE --queue-balance 258:300 --queue-cpu-fanout"),
    RenderedRule("-j NFQUEUE --queue-balance 1:4 --queue-bypass --queue-cpu-fanout"),
    RenderedRule("-j NETMAP --to 10.1.2.0/24", table: .nat),
    RenderedRule("-j NETMAP --to 10.1.2.3", "-j NETMAP --to 10.1.2.3/32", table: .nat),
    RenderedRule("-j NETMAP --to fd00:1::/64", family: .ipv6, table: .nat),
    RenderedRule(
      "-j NETMAP --to fd00:1::2", "-j NETMAP --to fd00:1::2/128", family: .ipv6, table: .nat),
    RenderedRule("-j TEE --gateway 10.1.2.3", table: .mangle),
    RenderedRule("-j TEE --gateway fd00::1 --oif lo", family: .ipv6, table: .mangle),
  ]

  static let headerTargets: [RenderedRule] = [
    RenderedRule("-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"),
    RenderedRule(
      "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1360", family: .ipv6,
      table: .mangle),
    RenderedRule(
      "-j CLASSIFY --set-class 1:ff", "-j CLASSIFY --set-class 0001:00ff", table: .mangle),
    RenderedRule(
      "-j CLASSIFY --set-class ffff:0", "-j CLASSIFY --set-class ffff:0000", family: .ipv6,
      table: .mangle),
    RenderedRule("-j DSCP --set-dscp 3", "-j DSCP --set-dscp 0x03", table: .mangle),
    RenderedRule("-j DSCP --set-dscp-class EF", "-j DSCP --set-dscp 0x2e", table: .mangle),
    RenderedRule("-j TOS --set-tos 3", "-j TOS --set-tos 0x03/0xff", table: .mangle),
    RenderedRule(
      "-j TOS --set-tos Minimize-Delay", "-j TOS --set-tos 0x10/0x3f", family: .ipv6,
      table: .mangle),
    RenderedRule("-j TOS --and-tos 0x3", "-j TOS --set-tos 0x00/0xfc", table: .mangle),
    RenderedRule("-j CHECKSUM --checksum-fill", table: .mangle),
    RenderedRule("-j TTL --ttl-set 255", table: .mangle),
    RenderedRule("-j TTL --ttl-inc 1", table: .mangle),
    RenderedRule("-j TTL --ttl-dec 2", table: .mangle),
    RenderedRule("-j HL --hl-set 255", family: .ipv6, table: .mangle),
    RenderedRule("-j HL --hl-inc 1", family: .ipv6, table: .mangle),
    RenderedRule("-j HL --hl-dec 2", family: .ipv6, table: .mangle),
  ]
}
