import Netfilter

/// Targets that few rule sets have.
extension RenderedRule {
  static let rarerTargets = hashMarks + estimators + strippings + prefixTranslations

  private static let hashMarks: [RenderedRule] = [
    RenderedRule(
      "-p tcp -j HMARK --hmark-tuple src,dst,sport,dport,proto --hmark-mod 10 --hmark-offset 100 --hmark-rnd 0xdeafbeef",
      "-p tcp -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-sport-mask 0xffff --hmark-dport-mask 0xffff --hmark-proto-mask 0xffff --hmark-rnd 0xdeafbeef --hmark-mod 10 --hmark-offset 100",
      table: .mangle),
    RenderedRule(
      "-j HMARK --hmark-src-prefix 24 --hmark-dst-prefix 1 --hmark-sport-mask 0xffff --hmark-dport-mask 0xff00 --hmark-sport 7 --hmark-dport 258 --hmark-proto-mask 0xf --hmark-rnd 0xfe --hmark-mod 4294967295 --hmark-offset 4294967295",
      "-j HMARK --hmark-src-prefix 24 --hmark-dst-prefix 1 --hmark-sport-mask 0xffff --hmark-dport-mask 0xff00 --hmark-sport 0x0007 --hmark-dport 0x0102 --hmark-proto-mask 0x0f --hmark-rnd 0x000000fe --hmark-mod 4294967295 --hmark-offset 4294967295",
      table: .mangle),
    RenderedRule(
      "-j HMARK --hmark-tuple ct,src --hmark-spi 0x1020304 --hmark-spi-mask 0xff00 --hmark-mod 1 --hmark-offset 0 --hmark-rnd 0",
      "-j HMARK --hmark-src-prefix 32 --hmark-spi-mask 0x0000ff00 --hmark-spi 0x01020304 --hmark-rnd 0x00000000 --hmark-mod 1 --hmark-offset 0 --hmark-tuple ct",
      table: .mangle),
    RenderedRule(
      "-j HMARK --hmark-src-prefix 64 --hmark-dst-prefix 128 --hmark-tuple ct --hmark-mod 2 --hmark-offset 3 --hmark-rnd 4",
      "-j HMARK --hmark-src-prefix 64 --hmark-dst-prefix 128 --hmark-rnd 0x00000004 --hmark-mod 2 --hmark-offset 3 --hmark-tuple ct",
      family: .ipv6, table: .mangle),
  ]

  private static let estimators: [RenderedRule] = [
    RenderedRule(
      "-j RATEEST --rateest-name RE1 --rateest-interval 250.0ms --rateest-ewmalog 500.0ms"),
    RenderedRule(
      "-j RATEEST --rateest-name a --rateest-interval 0.5s --rateest-ewmalog 1s",
      "-j RATEEST --rateest-name a --rateest-interval 500.0ms --rateest-ewmalog 1.0s",
      family: .ipv6),
    RenderedRule(
      "-j RATEEST --rateest-name 012345678901234 --rateest-interval 8s --rateest-ewmalog 4096s",
      "-j RATEEST --rateest-name 012345678901234 --rateest-interval 8.0s --rateest-ewmalog 4096.0s"),
  ]

  private static let strippings: [RenderedRule] = [
    RenderedRule(
      "-p tcp -j TCPOPTSTRIP --strip-options wscale,mss,sack-permitted,sack,timestamp,md5",
      "-p tcp -j TCPOPTSTRIP --strip-options 2,3,4,5,8,19", table: .mangle),
    RenderedRule(
      "-p tcp -j TCPOPTSTRIP --strip-options 7,31,32,254,255", family: .ipv6, table: .mangle),
    RenderedRule("-p tcp -j ECN --ecn-tcp-remove", table: .mangle),
    RenderedRule(
      "-p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-ece 0 --ecn-ip-ect 2",
      "-p tcp -j ECN --ecn-tcp-ece 0 --ecn-tcp-cwr 1 --ecn-ip-ect 2", table: .mangle),
    RenderedRule("-p tcp -j ECN --ecn-tcp-cwr 0", table: .mangle),
    RenderedRule("-j ECN --ecn-ip-ect 0", table: .mangle),
  ]

  private static let prefixTranslations: [RenderedRule] = [
    RenderedRule(
      "-j SNPT --src-pfx fd00:1::/64 --dst-pfx 2001:db8:1::/64", family: .ipv6, table: .mangle),
    RenderedRule(
      "-j DNPT --src-pfx 2001:db8:1::/48 --dst-pfx fd00:1::/48", family: .ipv6, table: .mangle),
    RenderedRule("-j DNPT --src-pfx ::/64 --dst-pfx fd00::/64", family: .ipv6, table: .mangle),
    RenderedRule("-j SNPT --src-pfx ::/0 --dst-pfx ::/0", "-j SNPT", family: .ipv6, table: .mangle),
  ]
}
