import Netfilter

/// Matches that aren't decoded, but rendered of what the kernel has of them.
extension RenderedRule {
  static let extensions =
    headerMatches + headerMatchesIPv6 + originMatches + connectionMatches + hashLimits
    + contentMatches + policies + rarerExtensions

  private static let headerMatches: [RenderedRule] = [
    RenderedRule("-p icmp -m icmp --icmp-type 8"),
    RenderedRule("-p icmp -m icmp ! --icmp-type 3/4"),
    RenderedRule("-p icmp -m icmp --icmp-type any"),
    RenderedRule("-p icmp -m icmp --icmp-type 255/3", "-p icmp -m icmp --icmp-type any"),
    RenderedRule("-p icmp -m icmp --icmp-type 0/0"),
    RenderedRule("-p icmp -m icmp ! --icmp-type any"),
    RenderedRule("-m ttl --ttl-eq 3"),
    RenderedRule("-m ttl ! --ttl-eq 3"),
    RenderedRule("-m ttl --ttl-lt 3"),
    RenderedRule("-m ttl --ttl-gt 255"),
    RenderedRule("-m length --length 5"),
    RenderedRule("-m length ! --length 5:", "-m length ! --length 5:65535"),
    RenderedRule("-m length --length :5", "-m length --length 0:5"),
    RenderedRule("-p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 5"),
    RenderedRule("-p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss ! --mss 536:65535"),
    RenderedRule("-m dscp --dscp 0x2e"),
    RenderedRule("-m dscp ! --dscp-class BE", "-m dscp ! --dscp 0x00"),
    RenderedRule("-m tos --tos 0x10", "-m tos --tos 0x10/0xff"),
    RenderedRule("-m tos ! --tos 0x04/0x0f"),
    RenderedRule("-p esp -m esp --espspi 5:9"),
    RenderedRule("-p esp -m esp ! --espspi 5"),
    RenderedRule("-p esp -m esp ! --espspi 0:4294967295", "-p esp -m esp"),
    RenderedRule("-p ah -m ah --ahspi 5"),
    RenderedRule("-p ah -m ah ! --ahspi 5:9"),
  ]

  private static let headerMatchesIPv6: [RenderedRule] = [
    RenderedRule("-p ipv6-icmp -m icmp6 --icmpv6-type 128", family: .ipv6),
    RenderedRule("-p ipv6-icmp -m icmp6 ! --icmpv6-type 1/4", family: .ipv6),
    RenderedRule("-p ipv6-icmp -m icmp6 --icmpv6-type 255", family: .ipv6),
    RenderedRule("-m hl --hl-eq 3", family: .ipv6),
    RenderedRule("-m hl ! --hl-eq 255", family: .ipv6),
    RenderedRule("-m hl --hl-lt 3", family: .ipv6),
    RenderedRule("-m hl --hl-gt 3", family: .ipv6),
    RenderedRule("-m rt", family: .ipv6),
    RenderedRule("-m rt --rt-type 0", family: .ipv6),
    RenderedRule("-m rt ! --rt-type 2 ! --rt-segsleft 2 ! --rt-len 8", family: .ipv6),
    RenderedRule(
      "-m rt --rt-type 0 --rt-segsleft 1:3 ! --rt-len 40 --rt-0-res --rt-0-addrs fe80::1,::1:2 --rt-0-not-strict",
      "-m rt --rt-type 0 --rt-segsleft 1:3 ! --rt-len 40 --rt-0-res --rt-0-addrs fe80::1,::0.1.0.2 --rt-0-not-strict",
      family: .ipv6),
    RenderedRule("-m ah", family: .ipv6),
    RenderedRule("-m ah --ahspi 5:9 ! --ahlen 4 --ahres", family: .ipv6),
    RenderedRule("-m frag", family: .ipv6),
    RenderedRule(
      "-m frag --fragid 5:9 ! --fraglen 4 --fragres --fragfirst --fragmore", family: .ipv6),
    RenderedRule("-m frag ! --fragid 5 --fraglast", family: .ipv6),
    RenderedRule("-m hbh --hbh-len 4 --hbh-opts 1:2,5", family: .ipv6),
    RenderedRule("-m dst ! --dst-len 4 --dst-opts 1", family: .ipv6),
    RenderedRule("-m tos --tos 0x10/0xff", family: .ipv6),
    RenderedRule("-m length --length 5:9", family: .ipv6),
  ]

  private static let originMatches: [RenderedRule] = [
    RenderedRule("-m physdev --physdev-is-bridged"),
    RenderedRule("-m physdev --physdev-in eth0 --physdev-out veth+"),
    RenderedRule("-m physdev ! --physdev-is-in ! --physdev-is-out"),
    RenderedRule("-m physdev --physdev-is-in --physdev-is-out", family: .ipv6),
    RenderedRule("-m physdev ! --physdev-in eth0 ! --physdev-out cali+ ! --physdev-is-bridged"),
    RenderedRule("-m rpfilter", table: .raw),
    RenderedRule("-m rpfilter --loose --validmark --accept-local --invert", table: .raw),
    RenderedRule("-m rpfilter --validmark --invert", family: .ipv6, table: .raw),
    RenderedRule(
      "-m mac --mac-source AA:Bb:01:02:03:04", "-m mac --mac-source aa:bb:01:02:03:04"),
    RenderedRule("-m mac ! --mac-source 00:00:00:00:00:0a", family: .ipv6),
    RenderedRule("-m pkttype --pkt-type unicast"),
    RenderedRule("-m pkttype ! --pkt-type broadcast"),
    RenderedRule("-m pkttype --pkt-type multicast", family: .ipv6),
    RenderedRule("-m iprange --src-range 10.0.0.1-10.0.0.9"),
    RenderedRule(
      "-m iprange ! --src-range 10.0.0.1 ! --dst-range 10.0.0.1-10.0.0.2",
      "-m iprange ! --src-range 10.0.0.1-10.0.0.1 ! --dst-range 10.0.0.1-10.0.0.2"),
    RenderedRule(
      "-m iprange --src-range fd00::1-fd00::9 ! --dst-range ::1:2-::1:3",
      "-m iprange --src-range fd00::1-fd00::9 ! --dst-range ::0.1.0.2-::0.1.0.3", family: .ipv6),
  ]

  private static let connectionMatches: [RenderedRule] = [
    RenderedRule("-m connmark --mark 0x1"),
    RenderedRule("-m connmark ! --mark 0x0/0x8000"),
    RenderedRule("-m connmark --mark 0x0", family: .ipv6),
    RenderedRule("-m owner --uid-owner 0 --gid-owner 5-9"),
    RenderedRule(
      "-m owner ! --uid-owner 1-3 ! --gid-owner 7 ! --socket-exists",
      "-m owner ! --socket-exists ! --uid-owner 1-3 ! --gid-owner 7"),
    RenderedRule("-m owner --socket-exists", family: .ipv6),
    RenderedRule("-m owner --gid-owner 7 --suppl-groups"),
    RenderedRule("-m socket", table: .mangle),
    RenderedRule("-m socket --transparent", table: .mangle),
    RenderedRule(
      "-m socket --nowildcard --restore-skmark --transparent",
      "-m socket --transparent --nowildcard --restore-skmark", family: .ipv6, table: .mangle),
    RenderedRule("-m helper --helper ftp"),
    RenderedRule("-m helper ! --helper ftp-21"),
    RenderedRule(#"-m helper --helper "a b""#),
    RenderedRule(#"-m helper --helper """#, family: .ipv6),
    RenderedRule(
      "-p tcp -m connlimit --connlimit-above 5",
      "-p tcp -m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr"),
    RenderedRule("-p tcp -m connlimit --connlimit-upto 5 --connlimit-mask 24 --connlimit-daddr"),
    RenderedRule("-p tcp -m connlimit --connlimit-above 0 --connlimit-mask 0 --connlimit-saddr"),
    RenderedRule(
      "-p tcp -m connlimit --connlimit-above 5 --connlimit-mask 65 --connlimit-saddr", family: .ipv6
    ),
    RenderedRule("-m cgroup --cgroup 5"),
    RenderedRule("-m cgroup ! --cgroup 1048577", family: .ipv6),
    RenderedRule(#"-m cgroup ! --path "/""#),
  ]

  private static let hashLimits: [RenderedRule] = [
    hashLimit("--hashlimit-upto 5/sec", "--hashlimit-upto 5/sec --hashlimit-burst 5", ""),
    hashLimit("--hashlimit-upto 5/day --hashlimit-burst 7"),
    hashLimit("--hashlimit-above 10000/sec --hashlimit-burst 10000"),
    hashLimit("--hashlimit-above 333333/sec --hashlimit-burst 1"),
    hashLimit("--hashlimit-above 90/min --hashlimit-burst 1", " --hashlimit-htable-max 2000"),
    hashLimit(
      "--hashlimit-above 60/min --hashlimit-burst 2",
      "--hashlimit-above 1/sec --hashlimit-burst 2", " --hashlimit-htable-expire 60000"),
    hashLimit("--hashlimit-upto 512kb/s", " --hashlimit-htable-expire 60000"),
    hashLimit("--hashlimit-upto 1mb/s --hashlimit-burst 3mb", " --hashlimit-htable-expire 15000"),
    hashLimit("--hashlimit-above 512kb/s --hashlimit-burst 512kb --hashlimit-mode dstip"),
    hashLimit("--hashlimit-upto 100b/s", "--hashlimit-upto 96b/s", ""),
    hashLimit(
      "--hashlimit-above 17b/s --hashlimit-burst 34b",
      "--hashlimit-above 16b/s --hashlimit-burst 48b", ""),
    hashLimit(
      "--hashlimit-above 512kb/s --hashlimit-mode srcip", " --hashlimit-rate-match"),
    hashLimit(
      "--hashlimit-above 5/sec --hashlimit-burst 5",
      " --hashlimit-rate-match --hashlimit-rate-interval 10"),
    RenderedRule(
      "-m hashlimit --hashlimit-above 5/min --hashlimit-rate-match --hashlimit-name d",
      "-m hashlimit --hashlimit-above 5/sec --hashlimit-burst 5 --hashlimit-name d --hashlimit-htable-expire 60000 --hashlimit-rate-match --hashlimit-rate-interval 60"
    ),
    hashLimit(
      "--hashlimit-above 30/min --hashlimit-burst 9 --hashlimit-mode srcip,srcport,dstip,dstport",
      " --hashlimit-htable-size 512 --hashlimit-htable-max 2000 --hashlimit-htable-gcinterval 500 --hashlimit-htable-expire 30000 --hashlimit-srcmask 24 --hashlimit-dstmask 16"
    ),
    RenderedRule(
      #"-m hashlimit --hashlimit-upto 7/hour --hashlimit-mode dstip --hashlimit-name "f g""#,
      "-m hashlimit --hashlimit-upto 7/hour --hashlimit-burst 5 --hashlimit-mode dstip --hashlimit-name f g",
      family: .ipv6),
    RenderedRule(
      "-m hashlimit --hashlimit-upto 7/hour --hashlimit-burst 6 --hashlimit-mode srcip --hashlimit-name a --hashlimit-srcmask 64",
      family: .ipv6),
  ]

  private static func hashLimit(_ options: String, _ rest: String = "") -> RenderedRule {
    hashLimit(options, options, rest)
  }

  private static func hashLimit(
    _ options: String, _ printed: String, _ rest: String
  ) -> RenderedRule {
    RenderedRule(
      "-m hashlimit \(options) --hashlimit-name abc\(rest)",
      "-m hashlimit \(printed) --hashlimit-name abc\(rest)")
  }

  private static let policies: [RenderedRule] = [
    RenderedRule("-m policy --dir in --pol ipsec"),
    RenderedRule("-m policy --dir out --pol none", family: .ipv6),
    RenderedRule(
      "-m policy --dir in --pol ipsec --reqid 1 ! --spi 0x10203 ! --proto ah ! --mode transport"),
    RenderedRule(
      "-m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-src 10.0.0.1 ! --tunnel-dst 10.0.0.0/24 --proto esp --spi 7 --next ! --reqid 2 --mode transport",
      "-m policy --dir in --pol ipsec --strict --spi 0x7 --proto esp --mode tunnel ! --tunnel-dst 10.0.0.0/24 --tunnel-src 10.0.0.1 --next ! --reqid 2 --mode transport"
    ),
    RenderedRule(
      "-m policy --dir out --pol ipsec --strict --mode tunnel --tunnel-dst fd00::1 --tunnel-src fd00::/64 --next --proto ipcomp",
      family: .ipv6),
  ]

  private static let contentMatches: [RenderedRule] = [
    RenderedRule(#"-m string --string "GET /" --algo bm"#),
    RenderedRule(
      "-m string --string abc --algo bm --icase", #"-m string --string "abc" --algo bm --icase"#),
    RenderedRule(#"-m string --string "a\"b'c\\d" --algo bm --to 0"#, family: .ipv6),
    RenderedRule(#"-m string --hex-string "|5c|" --algo bm"#),
    RenderedRule(#"-m string ! --string "a b" --algo kmp"#),
    RenderedRule(#"-m string ! --hex-string "|0d0a|" --algo kmp --from 3 --to 9 --icase"#),
    RenderedRule(
      #"-m u32 --u32 "0>>22&0x3C@4=0x29""#, #"-m u32 --u32 "0x0>>0x16&0x3c@0x4=0x29""#),
    RenderedRule(
      #"-m u32 ! --u32 "0&0xFFFF=0x100:0xFFFF,3&&4<<2=0""#,
      #"-m u32 ! --u32 "0x0&0xffff=0x100:0xffff,0x3&&0x4<<0x2=0x0""#),
    time("", ""),
    time(
      " --timestart 10:00:00 --timestop 11:30:15 --monthdays 1,31 --weekdays Mon,Tue --datestart 2020-01-02T03:04:05",
      " --kerneltz"),
    time(" --timestart 22:00:00 --timestop 02:00:00 --weekdays Mon,Sun", " --contiguous"),
    time(" --timestart 10:00:00 --timestop 23:59:59", ""),
    time(" --timestart 00:00:00 --timestop 10:00:00 --datestart 2000-12-31T00:00:00", ""),
    RenderedRule("-m time --datestart 2000-02-29T00:00:00 --datestop 2024-02-29T23:59:59"),
    RenderedRule("-m time --datestart 1999-12-31T00:00:00 --datestop 2025-03-01T23:59:59"),
    RenderedRule(#"-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0""#),
  ]

  /// libxt_time writes its own end of all days where none is given.
  private static func time(_ options: String, _ rest: String) -> RenderedRule {
    RenderedRule(
      "-m time\(options)\(rest)",
      "-m time\(options) --datestop 2038-01-19T03:14:07\(rest)")
  }
}
