import Netfilter

/// Expressions, and the rule that they are.
struct ExpressionCase: Sendable, CustomStringConvertible {
  let description: String
  let expressions: [ExpressionBytes]
  let matches: [Match]
  let target: Target
  let family: IPFamily

  init(
    _ description: String, _ expressions: [ExpressionBytes], _ matches: [Match],
    _ target: Target = .none, family: IPFamily = .ipv4
  ) {
    self.description = description
    self.expressions = expressions
    self.matches = matches
    self.target = target
    self.family = family
  }

  var rule: DecodedRule { DecodedRule(matches: matches, target: target) }

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
      "an address", [.payload(1, 12, 4), .compare(0, [10, 0, 0, 1])],
      [.source(AddressMatch("10.0.0.1", "255.255.255.255"))]),
    ExpressionCase(
      "a prefix of whole bytes, not", [.payload(1, 16, 1), .compare(1, [10])],
      [.destination(AddressMatch("10.0.0.0", "255.0.0.0", inverted: true))]),
    ExpressionCase(
      "another prefix",
      [.payload(1, 16, 4), .bitwise([255, 240, 0, 0]), .compare(0, [10, 16, 0, 0])],
      [.destination(AddressMatch("10.16.0.0", "255.240.0.0"))]),
    ExpressionCase(
      "a mask that is zero, as iptables wrote it that masked four bytes always",
      [.payload(1, 12, 4), .bitwise([0, 0, 0, 0]), .compare(1, [0, 0, 0, 0])],
      [.source(AddressMatch("0.0.0.0", "0.0.0.0", inverted: true))]),
    ExpressionCase(
      "IPv6 addresses",
      [
        .payload(1, 8, 8), .compare(0, [0xfd, 0, 0, 0, 0, 0, 0, 0]),
        .payload(1, 24, 16), .compare(0, [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      ],
      [
        .source(AddressMatch("fd00::", "ffff:ffff:ffff:ffff::")),
        .destination(AddressMatch("fd00::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
      ], family: .ipv6),
    ExpressionCase(
      "registers of four bytes",
      [
        .payload(1, 12, 4, register: 9), .bitwise([255, 254, 0, 0], from: 9, to: 23),
        .compare(0, [10, 0, 0, 0], register: 23),
      ], [.source(AddressMatch("10.0.0.0", "255.254.0.0"))]),
    ExpressionCase(
      "a register by its old number and by its new one",
      [.payload(1, 12, 1, register: 2), .compare(0, [10], register: 12)],
      [.source(AddressMatch("10.0.0.0", "255.0.0.0"))]),
    ExpressionCase(
      "selectors in another order",
      [
        .meta(16), .compare(1, [6]), .meta(6), .compare(0, name("eth0", zeros: 1)),
        .payload(1, 12, 1), .compare(0, [10]),
      ],
      [
        .source(AddressMatch("10.0.0.0", "255.0.0.0")),
        .inputInterface(InterfaceMatch(name: ByteString("eth0"), isPrefix: false)),
        .protocol(ProtocolMatch(number: 6, inverted: true)),
      ]),
    ExpressionCase(
      "a prefix of interfaces, and one of 16 bytes",
      [.meta(6), .compare(1, name("eth", zeros: 0)), .meta(7), .compare(0, name("lo", zeros: 14))],
      [
        .inputInterface(InterfaceMatch(name: ByteString("eth"), isPrefix: true, inverted: true)),
        .outputInterface(InterfaceMatch(name: ByteString("lo"), isPrefix: false)),
      ]),
    ExpressionCase(
      "no interface at all", [.meta(7), .compare(0, name("INVAL/D", zeros: 1))],
      [.outputInterface(InterfaceMatch(name: ByteString(""), isPrefix: true, inverted: true))]),
    ExpressionCase("any interface", [.meta(6), .meta(7)], []),
    ExpressionCase(
      "the protocol in IPv4's header", [.payload(1, 9, 1), .compare(0, [17])], [.protocol(.udp)]),
    ExpressionCase(
      "fragments, and what isn't one",
      [.payload(1, 6, 2), .bitwise([0x1f, 0xff]), .compare(1, [0, 0])], [.fragment(inverted: false)]
    ),
    ExpressionCase(
      "what isn't a fragment", [.payload(1, 6, 2), .bitwise([0x1f, 0xff]), .compare(0, [0, 0])],
      [.fragment(inverted: true)]),
  ]

  private static let ports: [ExpressionCase] = [
    ExpressionCase(
      "a port", tcp(.payload(2, 2, 2), .compare(0, [1, 187])),
      [.protocol(.tcp), .tcp(TCPMatch(destination: PortRange(first: 443, last: 443)))]),
    ExpressionCase(
      "two ports at once, of udp",
      [.meta(16), .compare(0, [17]), .payload(2, 0, 4), .compare(0, [0, 80, 0, 81])],
      [
        .protocol(.udp),
        .udp(
          UDPMatch(
            source: PortRange(first: 80, last: 80), destination: PortRange(first: 81, last: 81))),
      ]),
    ExpressionCase(
      "ranges of ports",
      tcp(
        .payload(2, 0, 2), .compare(3, [0, 80]), .payload(2, 2, 2), .range(1, [0, 80], [0, 90])),
      [
        .protocol(.tcp),
        .tcp(
          TCPMatch(
            source: PortRange(last: 80),
            destination: PortRange(first: 80, last: 90, inverted: true))),
      ]),
    ExpressionCase(
      "ranges of ports as nft writes them",
      tcp(
        .payload(2, 0, 2), .compare(5, [0, 80]), .compare(3, [0, 90]), .payload(2, 2, 2),
        .compare(4, [0, 80])),
      [
        .protocol(.tcp),
        .tcp(
          TCPMatch(
            source: PortRange(first: 80, last: 90),
            destination: PortRange(first: 81))),
      ]),
    ExpressionCase(
      "flags and a port of one match",
      tcp(
        .payload(2, 13, 1), .bitwise([0x17]), .compare(1, [2]), .payload(2, 2, 2),
        .compare(1, [0, 80])),
      [
        .protocol(.tcp),
        .tcp(
          TCPMatch(
            destination: PortRange(first: 80, last: 80, inverted: true), flagMask: 0x17,
            flagsSet: 2, flagsInverted: true)),
      ]),
    ExpressionCase(
      "the ports of two matches",
      tcp(
        .payload(2, 0, 2), .compare(0, [0, 1]), .match("comment", [0x61, 0]), .payload(2, 2, 2),
        .compare(0, [0, 2]), .payload(2, 0, 2), .compare(0, [0, 3])),
      [
        .protocol(.tcp), .tcp(TCPMatch(source: PortRange(first: 1, last: 1))),
        .comment(ByteString("a")), .tcp(TCPMatch(destination: PortRange(first: 2, last: 2))),
        .tcp(TCPMatch(source: PortRange(first: 3, last: 3))),
      ]),
    ExpressionCase(
      "a port of sctp", [.meta(16), .compare(0, [132]), .payload(2, 2, 2), .compare(0, [0, 9])],
      [.protocol(.sctp), .sctp(SCTPMatch(destination: PortRange(first: 9, last: 9)))]),
  ]
}
extension IPAddress {
  /// For addresses that stand in a test.
  static func literal(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(ipv4: 0) }
}

extension AddressMatch {
  init(_ address: String, _ mask: String, inverted: Bool = false) {
    self.init(address: .literal(address), mask: .literal(mask), inverted: inverted)
  }
}

extension AddressTranslation {
  init(
    _ flags: UInt32, _ first: String, _ last: String, _ ports: (UInt16, UInt16), base: UInt16 = 0
  ) {
    self.init(
      flags: flags, first: .literal(first), last: .literal(last), firstPort: ports.0,
      lastPort: ports.1, basePort: base)
  }
}
