import Netfilter

/// Expressions, and the rule that they are.
struct ExpressionCase: Sendable, CustomStringConvertible {
  let description: String
  let expressions: [ExpressionBytes]
  /// What iptables-save prints behind `-A CHAIN `.
  let line: String
  let family: IPFamily

  init(
    _ description: String, _ expressions: [ExpressionBytes], _ line: String,
    family: IPFamily = .ipv4
  ) {
    self.description = description
    self.expressions = expressions
    self.line = line
    self.family = family
  }

  /// `-p tcp`, which ports need, and more.
  private static func tcp(_ more: ExpressionBytes...) -> [ExpressionBytes] {
    [.meta(16), .compare(0, [6])] + more
  }

  private static func name(_ text: String, zeros: Int) -> [UInt8] {
    Array(text.utf8) + Array(repeating: 0, count: zeros)
  }

  static let known = selectors + ports + statements

  private static let selectors: [ExpressionCase] = [
    ExpressionCase(
      "an address", [.payload(1, 12, 4), .compare(0, [10, 0, 0, 1])], "-s 10.0.0.1/32"),
    ExpressionCase(
      "a prefix of whole bytes, not", [.payload(1, 16, 1), .compare(1, [10])], "! -d 10.0.0.0/8"),
    ExpressionCase(
      "another prefix",
      [.payload(1, 16, 4), .bitwise([255, 240, 0, 0]), .compare(0, [10, 16, 0, 0])],
      "-d 10.16.0.0/12"),
    ExpressionCase(
      "a mask that is zero, as iptables wrote it that masked four bytes always",
      [.payload(1, 12, 4), .bitwise([0, 0, 0, 0]), .compare(1, [0, 0, 0, 0])], "! -s 0.0.0.0/0"),
    ExpressionCase(
      "IPv6 addresses",
      [
        .payload(1, 8, 8), .compare(0, [0xfd, 0, 0, 0, 0, 0, 0, 0]),
        .payload(1, 24, 16), .compare(0, [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      ], "-s fd00::/64 -d fd00::1/128", family: .ipv6),
    ExpressionCase(
      "registers of four bytes",
      [
        .payload(1, 12, 4, register: 9), .bitwise([255, 254, 0, 0], from: 9, to: 23),
        .compare(0, [10, 0, 0, 0], register: 23),
      ], "-s 10.0.0.0/15"),
    ExpressionCase(
      "a register by its old number and by its new one",
      [.payload(1, 12, 1, register: 2), .compare(0, [10], register: 12)], "-s 10.0.0.0/8"),
    ExpressionCase(
      "selectors in another order",
      [
        .meta(16), .compare(1, [6]), .meta(6), .compare(0, name("eth0", zeros: 1)),
        .payload(1, 12, 1), .compare(0, [10]),
      ], "-s 10.0.0.0/8 -i eth0 ! -p tcp"),
    ExpressionCase(
      "a prefix of interfaces, and one of 16 bytes",
      [.meta(6), .compare(1, name("eth", zeros: 0)), .meta(7), .compare(0, name("lo", zeros: 14))],
      "! -i eth+ -o lo"),
    ExpressionCase(
      "no interface at all", [.meta(7), .compare(0, name("INVAL/D", zeros: 1))], ""),
    ExpressionCase(
      "any interface", [.meta(6), .meta(7)], ""),
    ExpressionCase(
      "the protocol in IPv4's header", [.payload(1, 9, 1), .compare(0, [17])], "-p udp"),
    ExpressionCase(
      "fragments, and what isn't one",
      [.payload(1, 6, 2), .bitwise([0x1f, 0xff]), .compare(1, [0, 0])], "-f"),
    ExpressionCase(
      "what isn't a fragment", [.payload(1, 6, 2), .bitwise([0x1f, 0xff]), .compare(0, [0, 0])],
      "! -f"),
  ]

  private static let ports: [ExpressionCase] = [
    ExpressionCase(
      "a port", tcp(.payload(2, 2, 2), .compare(0, [1, 187])), "-p tcp -m tcp --dport 443"),
    ExpressionCase(
      "two ports at once, of udp",
      [.meta(16), .compare(0, [17]), .payload(2, 0, 4), .compare(0, [0, 80, 0, 81])],
      "-p udp -m udp --sport 80 --dport 81"),
    ExpressionCase(
      "ranges of ports",
      tcp(
        .payload(2, 0, 2), .compare(3, [0, 80]), .payload(2, 2, 2), .range(1, [0, 80], [0, 90])),
      "-p tcp -m tcp --sport 0:80 ! --dport 80:90"),
    ExpressionCase(
      "ranges of ports as nft writes them",
      tcp(
        .payload(2, 0, 2), .compare(5, [0, 80]), .compare(3, [0, 90]), .payload(2, 2, 2),
        .compare(4, [0, 80])), "-p tcp -m tcp --sport 80:90 --dport 81:65535"),
    ExpressionCase(
      "flags and a port of one match",
      tcp(
        .payload(2, 13, 1), .bitwise([0x17]), .compare(1, [2]), .payload(2, 2, 2),
        .compare(1, [0, 80])), "-p tcp -m tcp ! --dport 80 ! --tcp-flags FIN,SYN,RST,ACK SYN"),
    ExpressionCase(
      "the ports of two matches",
      tcp(
        .payload(2, 0, 2), .compare(0, [0, 1]), .comment("a"), .payload(2, 2, 2),
        .compare(0, [0, 2]), .payload(2, 0, 2), .compare(0, [0, 3])),
      "-p tcp -m tcp --sport 1 -m comment --comment a -m tcp --dport 2 -m tcp --sport 3"),
    ExpressionCase(
      "a port of sctp", [.meta(16), .compare(0, [132]), .payload(2, 2, 2), .compare(0, [0, 9])],
      "-p sctp -m sctp --dport 9"),
  ]
}
