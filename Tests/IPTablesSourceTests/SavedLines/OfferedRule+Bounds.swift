import Netfilter

extension OfferedRule {
  /// Bounds, negations of them, and texts as long as may be: where what is printed is less than the
  /// rule, or where the backends have other words for it.
  static let bounds: [OfferedRule] = IPFamily.allCases.flatMap { family in
    (texts + longPrefixes).enumerated().map { number, text in
      OfferedRule(
        chain: "bounds:" + padded(number), text: text, table: .filter, families: [family])
    }
  }

  private static let texts = [
    "! -i +", "! -o +", "! -i + ! -o +", "-i + -o +", "! -i + -o eth0 -j ACCEPT",
    "-i abcdefghijklmno", "! -i abcdefghijklmn+", "-p tcp -m tcp ! --sport :",
    "-p tcp -m tcp ! --sport : --dport 9", "-p tcp -m tcp --dport :",
    "-p tcp -m tcp ! --dport :5", "-p tcp -m tcp ! --dport :65534",
    "-p tcp -m tcp ! --dport 5:", "-p tcp -m tcp --dport 65535:65535",
    "-p tcp -m tcp ! --sport 65535", "-p udp -m udp ! --dport :", "-p udp -m udp ! --dport :5",
    "-p sctp -m sctp ! --dport :", "-p sctp -m sctp ! --dport :5",
    "-p tcp -m tcp --tcp-flags NONE SYN", "-p tcp -m tcp ! --tcp-flags NONE SYN",
    "-p tcp -m tcp ! --syn", "-p tcp ! --syn --dport 80 -m tcp --sport 5", "-m mark ! --mark 0/0",
    "-m mark --mark 0xffffffff/0xffffffff", "-m length ! --length 0:65535", "-p 0", "-p all",
    "! -p tcp", "-m limit --limit 1/hour --limit-burst 7", "-m pkttype ! --pkt-type unicast",
    "-m comment --comment \(String(repeating: "c", count: 255))",
    "-m comment --comment a -m comment --comment b",
    "-p tcp -m comment --comment a -m tcp --dport 1",
    "-m mark --mark 1 -p udp -m udp --dport 53 -m mark ! --mark 2",
    "-m limit --limit 1/sec -m limit --limit 2/sec", "-j LOG", "-j LOG --log-level 7",
    "-j LOG --log-prefix \(String(repeating: "p", count: 29))", "-j REJECT", "-j RETURN",
    "-g THERE",
    "-j THERE",
  ]

  private static let longPrefixes = [1, 63, 64, 65, 126, 127].map { length in
    "-j NFLOG --nflog-prefix " + String(repeating: "x", count: length)
  }
}
