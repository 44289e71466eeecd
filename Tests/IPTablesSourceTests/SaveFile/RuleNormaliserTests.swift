import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Normalising the rules of a saved file")
struct RuleNormaliserTests {
  @Test("What iptables-save prints stays as it is")
  func canonical() throws {
    for rule in RenderedRule.all + RenderedRule.extensions + RenderedRule.targetExtensions {
      let line = String(rule.printed.dropFirst("-A HERE ".count))
      // iptables-save prints the name of a list without the quotes that it needs.
      if line.contains(#"a"b c"#) { continue }
      #expect(try normalised(line, rule.family) == line)
    }
  }

  @Test(
    "Other spellings become iptables-save's",
    arguments: [
      // Selectors.
      ("-p ! 0x6 -s ! 10.1.2.3/255.0.0.0 -i ! lo", "! -s 10.0.0.0/8 ! -i lo ! -p tcp"),
      ("--jump ACCEPT --protocol UDP --dst 10.0.0.1", "-d 10.0.0.1/32 -p udp -j ACCEPT"),
      ("-s 1.2.3.4/0 ! -i + -p all -j \"ACCEPT\"", "-j ACCEPT"),
      ("-p tcp\t-i  \"eth0\" ", "-i eth0 -p tcp"),
      // Matches that aren't named, or stand before their protocol.
      ("-p tcp --dport 0x50 -j ACCEPT", "-p tcp -m tcp --dport 80 -j ACCEPT"),
      ("-m tcp -p tcp --dport 80", "-p tcp -m tcp --dport 80"),
      ("-j ACCEPT -p udp --destination-port ! :9", "-p udp -m udp ! --dport 0:9 -j ACCEPT"),
      (
        "-p tcp -m conntrack --ctstate NEW --dport 22 -m comment --comment a --sport 9 -j ACCEPT",
        "-p tcp -m conntrack --ctstate NEW -m tcp --sport 9 --dport 22 -m comment --comment a -j ACCEPT"
      ),
      ("-p tcp -m tcp ! --syn", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"),
      ("-p tcp --dport 80 -m tcp", "-p tcp -m tcp --dport 80 -m tcp"),
      ("--dport 80 -m udp -j ACCEPT", "-m udp --dport 80 -j ACCEPT"),
      (
        "-p icmp -m comment --comment a --icmp-type 8",
        "-p icmp -m comment --comment a -m icmp --icmp-type 8"
      ),
      ("-p sctp --dport 0:65535", "-p sctp -m sctp --dport 0:65535"),
      // Values.
      (
        "-m conntrack --ctstate established,New ! --ctproto TCP",
        "-m conntrack --ctstate NEW,ESTABLISHED ! --ctproto 6"
      ),
      ("-m conntrack --ctexpire 5:", "-m conntrack --ctexpire 5:4294967295"),
      (
        "-m statistic --probability .33333 --mode random",
        "-m statistic --mode random --probability 0.33332999982"
      ),
      ("-m statistic --mode nth --every 2", "-m statistic --mode nth --every 2 --packet 0"),
      ("-m limit --limit-burst 5 --limit 60/m", "-m limit --limit 1/sec"),
      (
        "-m recent --rsource --name X ! --set",
        "-m recent ! --set --name X --mask 255.255.255.255 --rsource"
      ),
      ("-m nfacct --nfacct-name \"a\"", "-m nfacct --nfacct-name  a"),
      ("-j MARK --or-mark 16384", "-j MARK --set-xmark 0x4000/0x4000"),
      ("-j REJECT --reject-with host-unreach", "-j REJECT --reject-with icmp-host-unreachable"),
      (
        "-j SNAT --persistent --random-fully --to-source 10.0.0.1-10.0.0.1:5-5",
        "-j SNAT --to-source 10.0.0.1:5 --random-fully --persistent"
      ),
      ("-j NOTRACK", "-j NOTRACK"), ("-j CT", "-j CT"),
    ])
  func spelling(text: String, expected: String) throws {
    #expect(try normalised(text) == expected)
    #expect(try normalised(expected) == expected)
  }

  @Test(
    "What isn't understood stays word for word",
    arguments: [
      "-m odd bare words", "-m odd --x   \"a b\"", "-p tcp -m tcp --dport http --sport 0x1",
      "-m comment --comment two words", "-m limit --limit 0/s ! --limit-burst 3",
      "-m mark --mark 0xfffffffff", "-m statistic --mode random --every 3",
      "-p tcp -m multiport --dports 1 --sports 2", "-m state --state SNAT",
      "-m conntrack [unsupported revision]", "-m tcp --sport 1 --sport 2",
      "-j MARK [unsupported revision]", "-j DNAT --random", "-j LOG --log-prefix -s",
      "-m odd [unrecognised, 3 bytes, 0123456789abcdef] -j ODD [unrecognised, 1 bytes, 00]",
    ])
  func unknown(text: String) throws {
    #expect(try normalised(text) == text)
  }

  @Test("The chains of the table, and no others, are what jumps lead to without options")
  func chains() throws {
    #expect(try normalised("-j REJECT", chains: ["REJECT"]) == "-j REJECT")
    #expect(try normalised("-j REJECT") == "-j REJECT --reject-with icmp-port-unreachable")
    #expect(try normalised("--goto A") == "-g A")
  }

  @Test("Any words become a line that stays as it is, or an error")
  func randomWords() {
    var generator = SplitMix64(seed: 3)
    var lineCount = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<9, using: &generator)
      let words = (0..<count).compactMap { _ in Self.vocabulary.randomElement(using: &generator) }
      let text = words.joined(separator: " ")
      guard let line = try? normalised(text, .ipv4) else { continue }
      lineCount += 1
      #expect((try? normalised(line, .ipv4)) == line, "\(text)")
    }
    #expect(lineCount > 1_000)
  }

  private static let vocabulary =
    """
    -s -d -i -o -p -f -m -j -g ! --match 10.0.0.1 10.1.2.3/8 fd00::1 lo eth+ + tcp udp sctp 6 all icmp \
    A ACCEPT DNAT SNAT MASQUERADE REDIRECT MARK REJECT CT LOG odd "" x 0 1 80 80:90 : 1-2 --sport --dport \
    --tcp-flags --syn SYN,ACK NONE ALL --sports --ports 1,2:3 addrtype --src-type LOCAL,UNICAST comment \
    --comment conntrack state --state --ctstate NEW,ESTABLISHED --ctdir REPLY limit --limit 3/s mark --mark \
    0x1/0x3 recent --set --name --seconds --rdest statistic --mode random nth --probability 0.5 --every \
    nfacct --nfacct-name --to-destination 10.0.0.1:80 --to-ports --random --set-xmark --and-mark \
    --reject-with tcp-reset [unsupported --odd "-s" a\\"b\\" "é" \t --icmp-type
    """.split(separator: " ").map(String.init)

  /// The line of a rule in a table that has the chains besides its own.
  private func normalised(
    _ text: String, _ family: IPFamily = .ipv4, chains: [String] = ["A", "THERE"]
  ) throws -> String {
    let program = family == .ipv4 ? "iptables-save" : "ip6tables-save"
    let declarations = (["HERE"] + chains).map { ":\($0) - [0:0]\n" }.joined()
    let dump =
      "# Generated by \(program) v1.8.9 on Sun\n*filter\n\(declarations)-A HERE \(text)\nCOMMIT\n"
    let rule = try #require(RuleText.rule(in: SaveFileParser.parse(Array(dump.utf8))))
    return String(decoding: rule.line, as: UTF8.self)
  }
}
