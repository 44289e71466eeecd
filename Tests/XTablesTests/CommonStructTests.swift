import Netfilter
import Testing
import XTables

@Suite("Structs of the extensions that kube-proxy and most others use")
struct CommonStructTests {
  @Test("The options are libxtables'", arguments: matches + translations + targets)
  func options(_ example: KernelStruct) {
    let role = example.role == .match ? "m" : "j"
    #expect(example.text == " -\(role) \(example.name)\(example.options)")
  }

  @Test("A connection's state that was written as such is")
  func state() {
    let state = KernelStruct.match("conntrack", 3, Self.tracking([1, 0x20, 1, 0, 14, 1]))
    #expect(state.text == " -m state ! --state NEW,RELATED,ESTABLISHED,UNTRACKED")
  }

  @Test("A CT that was written as NOTRACK is, by the revision that says so")
  func notrack() {
    let bytes = [3] + [UInt8](repeating: 0, count: 71)
    #expect(KernelStruct.target("CT", 2, bytes).text == " -j NOTRACK")
    #expect(KernelStruct.target("CT", 1, bytes).text == " -j CT")
  }

  @Test("Any bytes of a comment are kept")
  func hostileComment() {
    var line = LineWriter(family: .ipv4)
    let comment: [UInt8] = [0xff, 0x0a, 0x27, 0x5c, 0x22, 0xc3] + [UInt8](repeating: 0, count: 250)
    XTables().write(
      .match, Array("comment".utf8).span, revision: 0, info: comment.span, to: &line)
    let escaped: [UInt8] = [0xff, 0x0a, 0x5c, 0x27, 0x5c, 0x5c, 0x5c, 0x22, 0xc3]
    #expect(line.bytes == Array(" -m comment --comment \"".utf8) + escaped + Array("\"".utf8))
  }

  @Test(
    "A probability has the decimals that printf gives it",
    arguments: [
      (0, "0.00000000000"), (1, "0.00000000047"), (0x4000_0000, "0.50000000000"),
      (0x7fff_ffff, "0.99999999953"), (0x8000_0000, "1.00000000000"),
      (.max, "1.99999999953"), (1 << 19, "0.00024414062"), (3 << 19, "0.00073242188"),
    ] as [(UInt32, String)])
  func probability(_ probability: UInt32, _ text: String) {
    let bytes = Self.padded([0, 0, 0, 0] + .number(probability), 24)
    #expect(
      KernelStruct.match("statistic", 0, bytes).text
        == " -m statistic --mode random --probability \(text)")
  }

  private static let matches: [KernelStruct] = [
    .match("addrtype", 1, [0, 0, 4, 0, 2, 0, 0, 0], " ! --dst-type LOCAL"),
    .match("addrtype", 1, [2, 0, 0, 0, 8, 0, 0, 0], " --src-type UNICAST --limit-iface-out"),
    .match(
      "addrtype", 0, [1, 0, 4, 8, 1, 0, 0, 0, 0, 0, 0, 0],
      " ! --src-type UNSPEC --dst-type LOCAL,XRESOLVE"),
    .match("comment", 0, padded(Array("ns/name:port".utf8), 256), #" --comment "ns/name:port""#),
    .match("comment", 0, padded([], 256), #" --comment """#),
    .match("comment", 0, [UInt8](repeating: 0x61, count: 256), " --comment \(letters(256))"),
    .match("conntrack", 3, tracking([1, 0, 0, 0, 0xc6, 0]), stateText),
    .match(
      "conntrack", 3,
      tracking([0, 3, 0, 2, 0, 0, 0, 0], ports: [7, 0, 9, 0], upper: [8, 0, 9, 0]),
      " --ctorigsrcport 7:8 ! --ctorigdstport 9"),
    .match(
      "conntrack", 2, Array(tracking([0, 3, 0, 2, 0, 0, 0, 0], ports: [0, 7, 1, 9]).prefix(160)),
      " --ctorigsrcport 7 ! --ctorigdstport 265"),
    .match(
      "conntrack", 1, Array(tracking([0x41, 0x10, 0x40, 0x10, 8, 0]).prefix(152)),
      " --ctstate NEW ! --ctstatus NONE --ctdir REPLY"),
    .match("limit", 0, padded(.number(200_000 as UInt32) + [7], 40), limitText),
    .match("limit", 0, padded(.number(0 as UInt32) + [5], 40), " --limit inf"),
    .match("mark", 1, padded([0, 0x40, 0, 0, 0, 0x40], 16), " --mark 0x4000/0x4000"),
    .match("mark", 1, [3, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0], " ! --mark 0x3"),
    .match("multiport", 0, padded([0, 2, 80, 0, 81, 0], 32), " --sports 80,81"),
    .match(
      "multiport", 1, padded(padded([1, 3, 80, 0, 81, 0, 5, 0], 32) + [1], 47) + [1],
      " ! --dports 80:81,5"),
    .match("nfacct", 0, padded(Array("plain".utf8), 40), " --nfacct-name  plain"),
    .match("nfacct", 1, padded(Array("a b'c".utf8), 40), #" --nfacct-name  "a b\'c""#),
    .match(
      "recent", 1, padded(recent([1, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]) + [255, 255], 232),
      " --rcheck --seconds 1 --reap --name nm --mask 255.255.0.0 --rsource"),
    .match(
      "recent", 0, recent([255, 255, 255, 255, 3, 0, 0, 0, 2, 1], side: 1),
      " ! --set --seconds -1 --hitcount 3 --name nm --mask 255.255.255.255 --rdest"),
    .match(
      "sctp", 0, padded(padded([9, 0, 9, 0, 1, 0, 2, 0], 284) + [3, 0, 0, 0, 1], 296),
      " ! --sport 1:2 --dport 9"),
    .match("statistic", 0, padded([1, 0, 1, 0, 2, 0, 0, 0, 1], 24), nthText),
    .match("tcp", 0, [0, 0, 255, 255, 187, 1, 187, 1, 0, 0, 0, 0], " --dport 443"),
    .match(
      "tcp", 0, [0, 0, 255, 255, 0, 0, 255, 255, 4, 0x17, 2, 0x0f],
      " ! --tcp-option 4 ! --tcp-flags FIN,SYN,RST,ACK SYN"),
    .match("udp", 0, padded([1, 0, 2, 0, 0, 0, 255, 255, 3], 16), " ! --sport 1:2"),
  ]

  private static let stateText = " --ctstate RELATED,ESTABLISHED,SNAT,DNAT"
  private static let limitText = " --limit 3/min --limit-burst 7"
  private static let nthText = " --mode nth ! --every 3 --packet 1"

  private static let translations: [KernelStruct] = [
    .target(
      "DNAT", 0, padded([1, 0, 0, 0, 3, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1, 0, 80, 0, 80], 24),
      " --to-destination 10.0.0.1:80"),
    .target(
      "DNAT", 2,
      range(0x2f, [10, 0, 0, 1], [10, 0, 0, 9]) + [0, 80, 0, 90, 0, 5, 0, 0] + zeros(4),
      " --to-destination 10.0.0.1-10.0.0.9:80-90/5 --random --persistent"),
    .target(
      "DNAT", 1, range(3, [0xfd], [0xfd]) + [0, 80, 0, 80], " --to-destination [fd00::]:80", .ipv6),
    .target(
      "SNAT", 0, padded([1, 0, 0, 0, 17, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1], 24),
      " --to-source 10.0.0.1 --random-fully"),
    .target("SNAT", 1, range(1, [0xfd], [0xfe]) + zeros(4), " --to-source fd00::-fe00::", .ipv6),
    .target("SNAT", 1, range(2, [], []) + [0, 1, 0, 2], " --to-source :1-2"),
    .target("MASQUERADE", 0, padded([1, 0, 0, 0, 16], 24), " --random-fully"),
    .target("MASQUERADE", 0, range(2, [1], [2]) + [0, 1, 0, 1], " --to-ports 1", .ipv6),
    .target("REDIRECT", 0, padded([1], 24), ""),
    .target("REDIRECT", 0, range(6, [], []) + [0, 1, 0, 2], " --to-ports 1-2 --random", .ipv6),
  ]

  private static let targets: [KernelStruct] = [
    .target("MARK", 2, [0, 0x40, 0, 0, 0, 0x40, 0, 0], " --set-xmark 0x4000/0x4000"),
    .target("REJECT", 0, padded([3], 8), " --reject-with icmp-port-unreachable"),
    .target("REJECT", 0, padded([3], 8), " --reject-with icmp6-addr-unreachable", .ipv6),
    .target("REJECT", 0, padded([99], 8), " --reject-with 99"),
    .target(
      "CT", 2, padded(padded(padded([], 12) + Array("ftp".utf8), 28) + Array("t".utf8), 72),
      " --helper ftp --timeout t"),
  ]

  private static func letters(_ count: Int) -> String { String(repeating: "a", count: count) }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  private static func padded(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
    bytes + zeros(size - bytes.count)
  }

  /// - Parameter flags: What is compared, what of it inverted, states and statuses: two bytes each.
  private static func tracking(
    _ flags: [UInt8], ports: [UInt8] = [], upper: [UInt8] = []
  ) -> [UInt8] {
    padded(padded(padded(zeros(138) + ports, 146) + flags, 154) + upper, 168)
  }

  /// Seconds, hits, flags, inversion, a name, and the side.
  private static func recent(_ numbers: [UInt8], side: UInt8 = 0) -> [UInt8] {
    padded(padded(numbers + Array("nm".utf8), 210) + [side], 212)
  }

  /// `struct nf_nat_range` without its ports.
  private static func range(_ flags: UInt8, _ first: [UInt8], _ last: [UInt8]) -> [UInt8] {
    [flags, 0, 0, 0] + padded(first, 16) + padded(last, 16)
  }
}
