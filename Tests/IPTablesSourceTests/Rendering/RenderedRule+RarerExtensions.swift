import Netfilter

/// Matches that few rule sets have, rendered of what the kernel has of them.
extension RenderedRule {
  static let rarerExtensions =
    amounts + groups + transports + chunkTypes + headersIPv6 + segmentRouting + rateEstimates

  private static let amounts: [RenderedRule] = [
    connectionBytes("10000:100000", "bytes", "both"),
    connectionBytes("0:5", "avgpkt", "reply"),
    connectionBytes("5", "packets", "original"),
    connectionBytes("5:5", "packets", "original"),
    connectionBytes("! 7:18446744073709551614", "bytes", "both"),
    connectionBytes("! 0:", "! 0", "packets", "both"),
    connectionBytes("5:18446744073709551615", "5", "avgpkt", "reply"),
    connectionBytes("18446744073709551615", "bytes", "both"),
    // libxt_connbytes takes an end of zero for none.
    connectionBytes("0:0", "0", "bytes", "both"),
    RenderedRule("-m quota --quota 0"),
    RenderedRule("-m quota ! --quota 18446744073709551615"),
    RenderedRule("-m quota --quota 5", family: .ipv6),
  ]

  private static func connectionBytes(
    _ range: String, _ mode: String, _ direction: String
  ) -> RenderedRule {
    connectionBytes(range, range, mode, direction)
  }

  private static func connectionBytes(
    _ range: String, _ printed: String, _ mode: String, _ direction: String
  ) -> RenderedRule {
    func rule(_ range: String) -> String {
      let option =
        range.hasPrefix("!") ? "! --connbytes\(range.dropFirst())" : "--connbytes \(range)"
      return "-m connbytes \(option) --connbytes-mode \(mode) --connbytes-dir \(direction)"
    }
    return RenderedRule(rule(range), rule(printed))
  }

  private static let groups: [RenderedRule] = [
    RenderedRule("-m devgroup --src-group 5", "-m devgroup --src-group 0x5"),
    RenderedRule("-m devgroup ! --src-group 0x5/0xff --dst-group 0xffffffff"),
    RenderedRule("-m devgroup --src-group 0xffffffff ! --dst-group 0xffffffff/0x0"),
    RenderedRule("-m devgroup ! --dst-group 0x0/0xff", family: .ipv6),
    RenderedRule("-m realm --realm 0xffffffff"),
    RenderedRule("-m realm ! --realm 10/0xff", "-m realm ! --realm 0xa/0xff"),
    RenderedRule("-m realm ! --realm 65536", "-m realm ! --realm 0x10000"),
    RenderedRule("-m realm --realm 0/0", "-m realm --realm 0x0/0x0"),
    RenderedRule("-m cpu --cpu 0"),
    RenderedRule("-m cpu ! --cpu 4294967295", family: .ipv6),
    RenderedRule("-m connlabel --label 0", #"-m connlabel --label "0""#),
    RenderedRule(#"-m connlabel ! --label "127" --set"#, family: .ipv6),
    RenderedRule(
      "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xdeadbeef",
      "-m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0xdeadbeef"
    ),
    RenderedRule(
      "-m cluster --cluster-total-nodes 32 ! --cluster-local-node 32 --cluster-hash-seed 0",
      "-m cluster ! --cluster-local-nodemask 0x80000000 --cluster-total-nodes 32 --cluster-hash-seed 0x00000000",
      family: .ipv6),
  ]

  private static let transports: [RenderedRule] = [
    RenderedRule("-p dccp -m dccp"),
    RenderedRule("-p dccp -m dccp --sport 5:9 ! --dport 7"),
    RenderedRule("-p dccp -m dccp ! --sport 0:65535 --dccp-types INVALID"),
    RenderedRule(
      "-p dccp -m dccp ! --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID"
    ),
    RenderedRule(
      "-p dccp -m dccp --dccp-types SYNC,DATA --dccp-option 1",
      "-p dccp -m dccp --dccp-types DATA,SYNC --dccp-option 1"),
    RenderedRule("-p dccp -m dccp ! --sport 4 ! --dccp-option 255", family: .ipv6),
    RenderedRule(
      "-p tcp -m ecn --ecn-tcp-cwr ! --ecn-tcp-ece --ecn-ip-ect 0",
      "-p tcp -m ecn ! --ecn-tcp-ece --ecn-tcp-cwr --ecn-ip-ect 0"),
    RenderedRule("-p tcp -m ecn ! --ecn-tcp-cwr"),
    RenderedRule("-m ecn ! --ecn-ip-ect 3", family: .ipv6),
    RenderedRule("-p ipcomp -m ipcomp", "-p ipcomp -m ipcomp --ipcompspi 0"),
    RenderedRule("-p ipcomp -m ipcomp ! --ipcompspi 5:9 --compres"),
    RenderedRule("-p ipcomp -m ipcomp ! --ipcompspi 0:4294967295", "-p ipcomp -m ipcomp"),
    RenderedRule("-p ipcomp -m ipcomp --ipcompspi 4294967295", family: .ipv6),
    RenderedRule("-p tcp -m osf --genre Linux"),
    RenderedRule("-p tcp -m osf --genre Linux --ttl 0 --log 0"),
    RenderedRule(
      #"-p tcp -m osf ! --genre "Windows XP" --log 1 --ttl 2"#,
      "-p tcp -m osf ! --genre Windows XP --ttl 2 --log 1"),
  ]

  private static let chunkTypes: [RenderedRule] = [
    RenderedRule(
      "-p sctp -m sctp --chunk-types any INIT,DATA",
      "-p sctp -m sctp --chunk-types any DATA,INIT"),
    RenderedRule("-p sctp -m sctp --chunk-types only ALL", family: .ipv6),
    RenderedRule("-p sctp -m sctp ! --chunk-types all NONE"),
    RenderedRule("-p sctp -m sctp ! --chunk-types all DATA:Ube,ABORT:T"),
    RenderedRule(
      "-p sctp -m sctp --dport 7 ! --sport 0:65535 --chunk-types any DATA:IUBEiube,SHUTDOWN_COMPLETE:t",
      "-p sctp -m sctp ! --sport 0:65535 --dport 7 --chunk-types any DATA:IUBE,SHUTDOWN_COMPLETE:t"
    ),
    RenderedRule("-p sctp -m sctp --chunk-types any DATA:-U,INIT:-"),
    // libxt_sctp keeps these flags for a type that doesn't exist.
    RenderedRule(
      "-p sctp -m sctp --chunk-types any I_DATA:IUBE", "-p sctp -m sctp --chunk-types any I_DATA"),
    RenderedRule(
      "-p sctp -m sctp --chunk-types any DATA,INIT,INIT_ACK,SACK,HEARTBEAT,HEARTBEAT_ACK,ABORT,SHUTDOWN,SHUTDOWN_ACK,ERROR,COOKIE_ECHO,COOKIE_ACK,ECN_ECNE,ECN_CWR,SHUTDOWN_COMPLETE,I_DATA,ASCONF_ACK,RE_CONFIG,PAD,FORWARD_TSN,ASCONF,I_FORWARD_TSN"
    ),
  ]

  private static let headersIPv6: [RenderedRule] = [
    RenderedRule("-p mobility-header -m mh", family: .ipv6),
    RenderedRule("-p mobility-header -m mh --mh-type 5", family: .ipv6),
    RenderedRule("-p mobility-header -m mh ! --mh-type 0:9", family: .ipv6),
    RenderedRule("-p mobility-header -m mh --mh-type 255", family: .ipv6),
    RenderedRule(
      "-p mobility-header -m mh ! --mh-type 0:255", "-p mobility-header -m mh", family: .ipv6),
    RenderedRule("-m eui64", family: .ipv6),
    RenderedRule("-m ipv6header ! --header ah,esp --soft", family: .ipv6),
    RenderedRule(
      "-m ipv6header --header prot,none,esp,auth,frag,route,dst,hop",
      "-m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol",
      family: .ipv6),
  ]

  private static let segmentRouting: [RenderedRule] = [
    RenderedRule("-m srh", family: .ipv6),
    RenderedRule(
      "-m srh --srh-next-hdr 17 ! --srh-hdr-len-eq 3 --srh-segs-left-gt 2 ! --srh-last-entry-lt 255 --srh-tag 0",
      family: .ipv6),
    RenderedRule(
      "-m srh --srh-hdr-len-gt 4 --srh-hdr-len-lt 5 --srh-segs-left-eq 1 --srh-segs-left-lt 3 --srh-last-entry-eq 1 --srh-last-entry-gt 2",
      "-m srh --srh-hdr-len-gt 5 --srh-hdr-len-lt 5 --srh-segs-left-eq 3 --srh-segs-left-lt 3 --srh-last-entry-eq 2 --srh-last-entry-gt 2",
      family: .ipv6),
    RenderedRule(
      "-m srh --srh-psid a::/64 --srh-nsid b:: --srh-lsid ::1:2",
      "-m srh --srh-psid a::/64 --srh-nsid b::/128 --srh-lsid ::0.1.0.2/128", family: .ipv6),
    RenderedRule(
      "-m srh ! --srh-lsid ::/0 ! --srh-psid a::/1 ! --srh-nsid b::/65 ! --srh-next-hdr 0 ! --srh-tag 65535",
      "-m srh ! --srh-next-hdr 0 ! --srh-tag 65535 ! --srh-psid a::/1 ! --srh-nsid b::/65 ! --srh-lsid ::/0",
      family: .ipv6),
  ]

  private static let rateEstimates: [RenderedRule] = [
    rateEstimate("--rateest A --rateest-lt --rateest-bps 8bit"),
    rateEstimate("--rateest A --rateest-gt --rateest-bps 1000Kbit"),
    rateEstimate("--rateest A ! --rateest-eq --rateest-bps 2000Mbit"),
    rateEstimate("--rateest A ! --rateest-eq --rateest-pps 4294967295"),
    rateEstimate(
      "--rateest A --rateest-eq --rateest-pps2 0 --rateest-bps2 1mbit",
      "--rateest A --rateest-eq --rateest-bps 1000Kbit --rateest-eq --rateest-pps 0"),
    rateEstimate(
      "--rateest-delta --rateest A --rateest-bps1 10mbit --rateest-gt --rateest-bps2 2gbit",
      "--rateest-delta --rateest A --rateest-bps1 10000Kbit --rateest-gt --rateest-bps2 2000Mbit"),
    rateEstimate(
      "--rateest1 A ! --rateest-eq --rateest-pps --rateest-bps --rateest2 B",
      "--rateest1 A ! --rateest-eq --rateest-bps ! --rateest-eq --rateest-pps --rateest2 B"),
    rateEstimate(
      "--rateest-delta --rateest1 A --rateest-bps1 --rateest-pps1 7 --rateest-lt --rateest2 B --rateest-pps2 3",
      "--rateest-delta --rateest1 A --rateest-bps1 0bit --rateest-lt --rateest-bps2 0bit --rateest-pps1 7 --rateest-lt --rateest-pps2 3 --rateest2 B",
      .ipv6),
  ]

  /// The kernel wants the estimators to be there.
  private static func rateEstimate(
    _ options: String, _ printed: String? = nil, _ family: IPFamily = .ipv4
  ) -> RenderedRule {
    let estimators = ["A", "B"].map {
      "-A FORWARD -j RATEEST --rateest-name \($0) --rateest-interval 250ms --rateest-ewmalog 500ms\n"
    }
    return RenderedRule(
      "-m rateest " + options, "-m rateest " + (printed ?? options), family: family,
      groundwork: "*mangle\n:FORWARD ACCEPT [0:0]\n\(estimators.joined())COMMIT\n")
  }
}
