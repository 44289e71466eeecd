import IPTablesSource
import Netfilter
import Testing

@Suite("The family of a text without a header")
struct ImpliedFamilyTests {
  @Test(
    "Is IPv6 where a rule says what only IPv6's can",
    arguments: [
      "! -s fd00::1", "-d ! ::1/128", "-j DNAT --to-destination [fd00::1]:80",
      "-m recent --set --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "-m iprange --src-range fd00::1-fd00::9", "-p ipv6-icmp -m icmp6 --icmpv6-type 134",
      "-p icmpv6", "-p 58", "-m hl --hl-eq 255", "-j REJECT --reject-with icmp6-port-unreachable",
      "-m rt --rt-type 0", "-m frag --fragmore", "-m hbh", "-m dst --dst-len 8", "-m eui64",
      "-m ipv6header --header frag --soft", "-p mobility-header -m mh --mh-type 5",
      "-j HL --hl-set 64", "-j SNPT --src-pfx fd00::/64 --dst-pfx fd01::/64", "-j DNPT",
    ])
  func ipv6(rule: String) throws { try expect(.ipv6, [rule]) }

  @Test(
    "Is IPv4 where one says what only IPv4's can, and where none says anything",
    arguments: [
      "", "-i lo -j ACCEPT", "-s 10.0.0.1", "-p icmp -m icmp --icmp-type 8", "-m ttl --ttl-eq 1",
      "-j REJECT --reject-with icmp-port-unreachable", "-j TTL --ttl-set 64",
      "-m comment --comment \"fd00::1 -m hl\"", "-p ipv6", "-m mac --mac-source 00:11:22:33:44:55",
    ])
  func ipv4(rule: String) throws { try expect(.ipv4, [rule]) }

  @Test("Is what the strongest word says, wherever it stands")
  func strength() throws {
    // ip6tables takes a protocol that nobody sends.
    try expect(.ipv6, ["-p icmp -j ACCEPT", "-m hl --hl-eq 255"])
    try expect(.ipv6, ["-m hl --hl-eq 255", "-p icmp -j ACCEPT"])
    try expect(.ipv6, ["-p icmp -j ACCEPT", "-d fe80::/10"])
    try expect(.ipv4, ["-p ipv6-icmp -j DROP", "-d 10.0.0.0/8"])
    try expect(.ipv4, ["-p ipv6-icmp -j DROP", "-m ttl --ttl-eq 1"])
  }

  private func expect(
    _ family: IPFamily, _ rules: [String], at location: SourceLocation = #_sourceLocation
  ) throws {
    let lines = rules.map { "-A A \($0)\n" }.joined()
    let text = "*nat\n:A - [0:0]\nCOMMIT\n*filter\n:A - [0:0]\n\(lines)COMMIT\n"
    let snapshots = try SaveFileParser.parse(Array(text.utf8))
    #expect(snapshots.map(\.family) == [family], sourceLocation: location)
    #expect(snapshots.first?.tables.map(\.name) == [.filter, .nat], sourceLocation: location)
  }
}
