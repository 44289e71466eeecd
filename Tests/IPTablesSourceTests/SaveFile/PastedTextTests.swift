import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Text that people paste")
struct PastedTextTests {
  private static let fixture = Fixture("legacy-1.28/a-01-baseline.rules")

  @Test(
    "A saved file is read with what a terminal and an editor put around it",
    arguments: [
      ("\u{feff}", "", ""), ("", "    ", ""), ("", "\t", "\t# end"), ("\u{feff}", "  ", "\n\n"),
      ("root@node:~# iptables-save -c\n", "", "root@node:~# "),
      ("[root@node ~]# iptables-save -c\n", "", "[root@node ~]# exit"),
      ("$ kubectl exec kube-proxy-x -- iptables-save\n", "  ", "$ "),
      ("The rules of node 7:\n\n```\n", "", "```\n"),
    ])
  func around(before: String, indentation: String, after: String) throws {
    let text = String(decoding: try Self.fixture.bytes(), as: UTF8.self)
    for end in ["\n", "\r\n"] {
      let lines = text.split(separator: "\n").map { indentation + $0 + end }.joined()
      let snapshots = try SaveFileParser.parse(Array((before + lines + after).utf8))
      #expect(
        try snapshots.map { $0.tables.map(\.content) }
          == [Self.fixture.snapshot().tables.map(\.content)])
    }
  }

  @Test(
    "What isn't a saved file is refused under its own name",
    arguments: [
      (
        "-P INPUT ACCEPT\n-N KUBE-SERVICES\n-A INPUT -j KUBE-SERVICES\n",
        "iptables -S", "iptables-save"
      ),
      (
        "root@node:~# ip6tables -S\n-P INPUT ACCEPT\n-A INPUT -p ipv6-icmp -j ACCEPT\n",
        "ip6tables -S", "ip6tables-save"
      ),
      ("-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-X\n", "iptables -S", "iptables-save"),
      ("-P INPUT ACCEPT\n-P FORWARD DROP\n", "iptables -S", "iptables-save"),
      (
        """
        $ iptables -L
        Chain INPUT (policy ACCEPT)
        target     prot opt source               destination
        ACCEPT     all  --  anywhere             anywhere
        """, "iptables -L", "iptables-save"
      ),
      (
        """
        Chain DOCKER (1 references)
         pkts bytes target     prot opt in     out     source               destination
        """, "iptables -L", "iptables-save"
      ),
      (
        "table ip nat {\n\tchain PREROUTING {\n\t\ttype nat hook prerouting priority dstnat;\n",
        "nft list", "iptables-nft-save"
      ),
      ("# Warning: table ip6 nat is managed\ntable ip6 nat {\n", "nft list", "ip6tables-nft-save"),
      ("{\"nftables\": [{\"metainfo\": {}}]}", "nft list", "iptables-nft-save"),
    ])
  func otherCommands(text: String, name: String, advice: String) throws {
    let error = #expect(throws: ReadingError.self) { try SaveFileParser.parse(Array(text.utf8)) }
    let cause = try #require(error?.cause)
    #expect(cause.contains("\(name) "))
    #expect(cause.hasSuffix("save with \(advice)"))
  }

  @Test("UTF-16 is refused as such, whichever way round it is and with a mark or without")
  func utf16() throws {
    let text = String(decoding: try Self.fixture.bytes(), as: UTF8.self)
    for mark in ["\u{feff}", ""] {
      let little = (mark + text).utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
      let big = (mark + text).utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
      for bytes in [little, big] {
        let error = #expect(throws: ReadingError.self) { try SaveFileParser.parse(bytes) }
        #expect(error?.cause.contains("UTF-16: save with iptables-save") == true)
      }
    }
  }
}
