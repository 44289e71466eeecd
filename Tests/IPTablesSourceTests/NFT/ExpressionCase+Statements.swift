extension ExpressionCase {
  /// Extensions that aren't of the transport header, verdicts and targets.
  static let statements: [ExpressionCase] = [
    ExpressionCase(
      "a mark", [.meta(3), .bitwise([0, 0x40, 0, 0]), .compare(1, [0, 0x40, 0, 0])],
      "-m mark ! --mark 0x4000/0x4000"),
    ExpressionCase(
      "a limit", [.limit(rate: 3, unit: 60, burst: 7)], "-m limit --limit 3/min --limit-burst 7"),
    ExpressionCase(
      "accept", [.counter(packets: 1, bytes: 2), .verdict(1)], "-j ACCEPT"),
    ExpressionCase(
      "drop", [.verdict(0)], "-j DROP"),
    ExpressionCase(
      "queue", [.verdict(3)], "-j QUEUE"),
    ExpressionCase(
      "return", [.verdict(-5)], "-j RETURN"),
    ExpressionCase(
      "a jump", [.verdict(-3, "KUBE-MARK-MASQ")], "-j KUBE-MARK-MASQ"),
    ExpressionCase(
      "a goto", [.verdict(-4, "THERE")], "-g THERE"),
    ExpressionCase(
      "a target of x_tables", [.target("REJECT", [3, 0, 0, 0, 0, 0, 0, 0])],
      "-j REJECT --reject-with icmp-port-unreachable"),
    ExpressionCase(
      "extensions that nobody knows",
      [.match("set", revision: 4, [1, 2]), .target("LOG", revision: 1, [3, 4])],
      "-m set [unrecognised, 2 bytes, b6a3be18586c4e7c]"
        + " -j LOG [unrecognised, 2 bytes, d0adc518672fd3bb]"),
    ExpressionCase(
      "a log of a group",
      [
        ExpressionBytes(
          "log",
          ExpressionBytes.attribute(1, [0, 4]) + ExpressionBytes.attribute(2, [0x61, 0])
            + ExpressionBytes.number(3, 9))
      ], "-j NFLOG --nflog-prefix a --nflog-group 4 --nflog-size 9"),
    ExpressionCase(
      "a log whose prefix is longer than x_tables has it",
      [
        ExpressionBytes(
          "log",
          ExpressionBytes.attribute(1, [0, 4])
            + ExpressionBytes.attribute(2, Array(repeating: 0x61, count: 64) + [0]))
      ],
      "-j NFLOG --nflog-prefix aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --nflog-group 4"
    ),
    ExpressionCase(
      "tracing", [.immediate([1], register: 9), .metaSet(12, register: 9)], "-j TRACE"),
    ExpressionCase(
      "a mark that is set", [.immediate([5, 0, 0, 0]), .metaSet(3)],
      "-j MARK --set-xmark 0x5/0xffffffff"),
    ExpressionCase(
      "a mark that is changed",
      [.meta(3), .bitwise([0xff, 0, 0xff, 0xff], flip: [0, 0x40, 0, 0]), .metaSet(3)],
      "-j MARK --set-xmark 0x4000/0xff00"),
  ]
}
