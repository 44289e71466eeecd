import Netfilter
import Testing
import XTables

@testable import IPTablesSource

@Suite("The expressions of a rule")
struct ExpressionWriterTests {
  @Test("What iptables writes is its line", arguments: ExpressionCase.known)
  func known(_ example: ExpressionCase) {
    #expect(ExpressionWriter.line(example.expressions.list, example.family) == example.line)
  }

  @Test("What it doesn't write is kept", arguments: ExpressionCase.unknown)
  func unknown(_ example: ExpressionCase) {
    #expect(ExpressionWriter.line(example.expressions.list, example.family) == example.line)
  }

  @Test("A rule is read as the kernel hands it over")
  func captured() {
    #expect(
      ExpressionWriter.line(Self.rule)
        == "! -s 10.244.0.0/16 -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -m statistic --mode random "
        + "--probability 0.50000000000 -j KUBE-SVC-NPX46M4PTMTKRN6Y")
  }

  @Test("A writer keeps nothing of the rule before")
  func again() {
    var writer = ExpressionWriter(.ipv4, .shared)
    for example in ExpressionCase.known + ExpressionCase.unknown where example.family == .ipv4 {
      unsafe example.expressions.list.withUnsafeBytes { list in
        let line = unsafe writer.line(of: KernelBytes(list), userData: nil)
        #expect(String(decoding: line, as: UTF8.self) == example.line)
      }
    }
  }

  @Test("The tests' expressions are what the kernel hands over")
  func builder() {
    let probability: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x40]
    let rule: [ExpressionBytes] = [
      .meta(16), .compare(0, [6]), .payload(1, 12, 2), .compare(1, [10, 244]),
      .payload(1, 16, 4), .compare(0, [10, 96, 0, 1]), .payload(2, 2, 2), .compare(0, [1, 187]),
      .match("statistic", probability + probability + Array(repeating: 0, count: 8)),
      .counter(packets: 0, bytes: 0), .verdict(-3, "KUBE-SVC-NPX46M4PTMTKRN6Y"),
    ]
    #expect(rule.list == Self.rule)
  }

  @Test("A comment in the user data is one of the rule")
  func comment() {
    let list = [ExpressionBytes.comment("a"), .verdict(1)].list
    #expect(
      ExpressionWriter.line(list, userData: [7, 1, 0, 0, 3, 0x62, 0x63, 0])
        == "-m comment --comment a -m comment --comment bc -j ACCEPT")
  }

  @Test(
    "User data without a comment is nothing to a rule",
    arguments: [[], [0], [0, 1], [0, 9, 0x61, 0], [1, 2, 0, 1], [3, 255]] as [[UInt8]])
  func userData(_ bytes: [UInt8]) {
    #expect(ExpressionWriter.line([], userData: bytes, .ipv6) == "")
  }

  /// `! -s 10.244.0.0/16 -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -m statistic --mode random
  /// --probability 0.5 -j KUBE-SVC-NPX46M4PTMTKRN6Y`, as iptables 1.8.9 and Linux 6.18 have it.
  private static let rule = bytes(
    """
    2400010009000100 6d65746100000000 1400020008000200 0000001008000100 000000012c000100
    08000100636d7000 2000020008000100 0000000108000200 000000000c000300 0500010006000000
    340001000c000100 7061796c6f616400 2400020008000100 0000000108000200 0000000108000300
    0000000c08000400 000000022c000100 08000100636d7000 2000020008000100 0000000108000200
    000000010c000300 060001000af40000 340001000c000100 7061796c6f616400 2400020008000100
    0000000108000200 0000000108000300 0000001008000400 000000042c000100 08000100636d7000
    2000020008000100 0000000108000200 000000000c000300 080001000a600001 340001000c000100
    7061796c6f616400 2400020008000100 0000000108000200 0000000208000300 0000000208000400
    000000022c000100 08000100636d7000 2000020008000100 0000000108000200 000000000c000300
    0600010001bb0000 480001000a000100 6d61746368000000 380002000e000100 7374617469737469
    6300000008000200 000000001c000300 0000000000000040 0000000000000040 0000000000000000
    2c0001000c000100 636f756e74657200 1c0002000c000100 0000000000000000 0c00020000000000
    0000000050000100 0e000100696d6d65 6469617465000000 3c00020008000100 0000000030000200
    2c00020008000100 fffffffd1e000200 4b5542452d535643 2d4e505834364d34 50544d544b524e36
    59000000
    """)

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue).map(UInt8.init)
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
