import Netfilter
import Testing
import XTables

@Suite("Structs that refer to sets of ipset")
struct SetStructTests {
  @Test("A set that the kernel names to nobody leaves the match unrecognised")
  func unnamed() {
    let set = KernelStruct.match("set", 4, Self.match4)
    #expect(set.text(of: set.bytes, sets: [6: "six"]).hasPrefix(set.unknownText(48)))
    #expect(set.text(of: set.bytes, sets: Self.names) == " -m set --match-set five src")
  }

  @Test("Older revisions are known as well", arguments: older)
  func revisions(_ example: KernelStruct) {
    let role = example.role == .match ? "m" : "j"
    #expect(
      example.text(of: example.bytes, sets: Self.names)
        == " -\(role) \(example.name)\(example.options)")
  }

  private static let names: [UInt16: String] = [5: "five", 261: "x"]

  private static let older: [KernelStruct] = [
    .match("set", 1, [5, 0, 2, 0b011], " ! --match-set five src,dst"),
    .match("set", 2, [5, 0, 1, 0x80, 0, 0, 0, 0], " --match-set five dst --return-nomatch"),
    .match(
      "set", 3, match4[..<8] + [4, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0] + match4[24...],
      " --match-set five src --packets-gt 263"),
    .target("SET", 1, [5, 0, 1, 2, 255, 255, 0, 0], " --add-set five src"),
    .target(
      "SET", 2, [5, 0, 1, 2, 255, 255, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255],
      " --add-set five src --exist"),
    .target(
      "SET", 3,
      [255, 255, 0, 0, 5, 1, 1, 2, 5, 0, 1, 0, 0, 6, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      " --del-set x src --map-set five dst --map-prio --map-queue"),
  ]

  /// A source address in set 5, with counters that nothing is compared with.
  private static let match4 = [5, 0, 1, 2] + [UInt8](repeating: 0, count: 44)
}
