import Netfilter

extension ExpressionCase {
  /// Extensions that aren't of the transport header, verdicts and targets.
  static let statements: [ExpressionCase] = [
    ExpressionCase(
      "a mark", [.meta(3), .bitwise([0, 0x40, 0, 0]), .compare(1, [0, 0x40, 0, 0])],
      [.mark(MarkMatch(value: 0x4000, mask: 0x4000, inverted: true))]),
    ExpressionCase(
      "a limit", [.limit(rate: 3, unit: 60, burst: 7)],
      [.limit(LimitMatch(average: 200_000, burst: 7))]),
    ExpressionCase("accept", [.counter(packets: 1, bytes: 2), .verdict(1)], [], .verdict(.accept)),
    ExpressionCase("drop", [.verdict(0)], [], .verdict(.drop)),
    ExpressionCase("queue", [.verdict(3)], [], .verdict(.queue)),
    ExpressionCase("return", [.verdict(-5)], [], .verdict(.return)),
    ExpressionCase(
      "a jump", [.verdict(-3, "KUBE-MARK-MASQ")], [], .jump("KUBE-MARK-MASQ")),
    ExpressionCase("a goto", [.verdict(-4, "THERE")], [], .goto("THERE")),
    ExpressionCase(
      "a target of x_tables", [.target("REJECT", [3, 0, 0, 0, 0, 0, 0, 0])], [], .reject(with: 3)),
    ExpressionCase(
      "extensions that nobody knows",
      [.match("set", revision: 4, [1, 2]), .target("LOG", revision: 1, [3, 4])],
      [.unrecognised(Unrecognised(name: "set", revision: 4, payload: [1, 2]))],
      .unrecognised(Unrecognised(name: "LOG", revision: 1, payload: [3, 4]))),
    ExpressionCase(
      "a log of a group",
      [
        ExpressionBytes(
          "log",
          ExpressionBytes.attribute(1, [0, 4]) + ExpressionBytes.attribute(2, [0x61, 0])
            + ExpressionBytes.number(3, 9))
      ], [],
      .unrecognised(
        Unrecognised(
          name: "NFLOG",
          payload: [9, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0x61] + Array(repeating: 0, count: 67)))),
    ExpressionCase(
      "a log whose prefix is longer than x_tables has it",
      [
        ExpressionBytes(
          "log",
          ExpressionBytes.attribute(1, [0, 4])
            + ExpressionBytes.attribute(2, Array(repeating: 0x61, count: 64) + [0]))
      ], [],
      .unrecognised(
        Unrecognised(
          name: "NFLOG", revision: 1,
          payload: [0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0] + Array(repeating: 0x61, count: 64)
            + Array(repeating: 0, count: 68)))),
    ExpressionCase(
      "tracing", [.immediate([1], register: 9), .metaSet(12, register: 9)], [],
      .unrecognised(Unrecognised(name: "TRACE", payload: []))),
    ExpressionCase(
      "a mark that is set", [.immediate([5, 0, 0, 0]), .metaSet(3)], [],
      .mark(value: 5, mask: .max)),
    ExpressionCase(
      "a mark that is changed",
      [.meta(3), .bitwise([0xff, 0, 0xff, 0xff], flip: [0, 0x40, 0, 0]), .metaSet(3)], [],
      .mark(value: 0x4000, mask: 0xff00)),
  ]
}
