extension ExpressionCase {
  /// What iptables doesn't write: each expression of it must be there.
  static let unknown: [ExpressionCase] = [
    unknown(
      "a connection's state", named("ct"), .bitwise([8, 0, 0, 0]), .compare(1, [0, 0, 0, 0])),
    unknown("a lookup in a set", .payload(1, 12, 4), named("lookup")),
    unknown("a lookup of two values", .meta(6), .payload(1, 12, 4, register: 2), named("lookup")),
    unknown("a load that nothing uses", .payload(1, 12, 4)),
    unknown("a value that nothing uses", .immediate([1, 2, 3, 4])),
    unknown("another part of the header", .payload(1, 8, 1), .compare(0, [64])),
    unknown("the link layer's header", .payload(0, 0, 6), .compare(0, [1, 2, 3, 4, 5, 6])),
    unknown("another property of the packet", .meta(0), .compare(4, [0, 0, 5, 0])),
    unknown("the index of an interface", .meta(4), .compare(0, [1, 0, 0, 0])),
    unknown("a name of an interface with more behind it", .meta(6), .compare(0, [0x61, 0, 0x62])),
    unknown("ports of no protocol", .payload(2, 2, 2), .compare(0, [0, 80])),
    unknown("a range of addresses", .payload(1, 12, 4), .range(0, [1, 1, 1, 1], [1, 1, 1, 9])),
    unknown(
      "an address beyond its mask", .payload(1, 12, 4), .bitwise([255, 0, 0, 0]),
      .compare(0, [1, 1, 0, 0])),
    unknown("a comparison of less than was loaded", .payload(1, 12, 4), .compare(0, [10])),
    unknown(
      "a comparison of another register", .payload(1, 12, 4),
      .compare(0, [10, 0, 0, 1], register: 2)),
    unknown(
      "a comparison with a verdict's register", .payload(1, 12, 1), .compare(0, [1], register: 0)),
    unknown(
      "bits that are flipped", .payload(1, 12, 1), .bitwise([255], flip: [1]), .compare(0, [1])),
    unknown(
      "bits that are shifted", .payload(1, 12, 1), .bitwise([255], operation: 1), .compare(0, [1])),
    unknown(
      "a mask upon a mask", .payload(1, 12, 1), .bitwise([255]), .bitwise([254]), .compare(0, [2])),
    unknown("a mask of another size", .payload(1, 12, 1), .bitwise([255, 255]), .compare(0, [2])),
    unknown("a limit of bytes", .limit(rate: 1, unit: 1, burst: 0, type: 1)),
    unknown("a limit that is inverted", .limit(rate: 1, unit: 1, burst: 0, flags: 1)),
    unknown("a limit without a rate", .limit(rate: 0, unit: 1, burst: 0)),
    unknown("a limit that is too large", .limit(rate: 1, unit: .max, burst: 0)),
    unknown("a verdict of nf_tables", .verdict(-2)),
    unknown("a jump without a chain", .verdict(-3)),
    unknown("a chain's name that is too long", .verdict(-3, String(repeating: "a", count: 32))),
    unknown("a register that is given a priority", .immediate([1, 0, 0, 0]), .metaSet(2)),
    unknown("a name that begins as another", named("immediately")),
    unknown("an expression without a name", ExpressionBytes("", [])),
    ExpressionCase(
      "a second address",
      [.payload(1, 12, 1), .compare(0, [10]), .payload(1, 12, 1), .compare(0, [11])],
      "-s 10.0.0.0/8 " + unknownText(.payload(1, 12, 1), .compare(0, [11]))),
    ExpressionCase(
      "a second use of what was loaded", [.payload(1, 12, 1), .compare(0, [10]), named("lookup")],
      "-s 10.0.0.0/8 " + unknownText(named("lookup"))),
    ExpressionCase(
      "a statement at the end", [named("log"), .counter(packets: 1, bytes: 2), named("reject")],
      unknownText(named("log")) + " " + named("reject").unknownText(option: "-j")),
    ExpressionCase(
      "nf_tables' own translation of the destination", [.immediate([10, 0, 0, 1]), nat(1)],
      unknownText(.immediate([10, 0, 0, 1])) + " "
        + ExpressionBytes("DNAT", nat(1).data).unknownText(option: "-j")),
    ExpressionCase(
      "nf_tables' own translation of the source", [nat(0)], nat(0).unknownText(option: "-j")),
    ExpressionCase(
      "a statement before the verdict", [.immediate([5, 0, 0, 0]), .metaSet(3), .verdict(1)],
      unknownText(.immediate([5, 0, 0, 0]), .metaSet(3)) + " -j ACCEPT"),
  ]

  /// Expressions of which each is a match.
  private static func unknown(
    _ description: String, _ expressions: ExpressionBytes...
  ) -> ExpressionCase {
    let texts = expressions.map { $0.unknownText(option: "-m") }
    return ExpressionCase(description, expressions, texts.joined(separator: " "))
  }

  private static func unknownText(_ expressions: ExpressionBytes...) -> String {
    expressions.map { $0.unknownText(option: "-m") }.joined(separator: " ")
  }

  /// `snat to` is 0, `dnat to` 1.
  private static func nat(_ type: UInt32) -> ExpressionBytes {
    ExpressionBytes("nat", ExpressionBytes.number(1, type))
  }

  private static func named(_ name: String) -> ExpressionBytes { ExpressionBytes(name, data) }

  private static let data = ExpressionBytes.number(1, 7)
}

extension ExpressionBytes {
  /// The expression as a line has it where it is not known.
  func unknownText(option: String) -> String {
    if data.isEmpty { return "\(option) \(name)" }
    let digest = ([0] + data).reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    let digits = String(digest, radix: 16)
    let zeros = String(repeating: "0", count: 16 - digits.count)
    return "\(option) \(name) [unrecognised, \(data.count) bytes, \(zeros)\(digits)]"
  }
}
