import Netfilter
import Testing

@testable import IPTablesSource

@Suite("A rule of nf_tables that isn't written")
struct ExpressionDigestTests {
  private let hasher = ContentHasher()

  @Test("Its counter is found")
  func counter() {
    let list = Self.rule(packets: 0x0102_0304_0506_0708, bytes: .max).list
    #expect(
      ExpressionWriter.counter(of: list) == Counter(packets: 0x0102_0304_0506_0708, bytes: .max))
    #expect(ExpressionWriter.counter(of: [.verdict(1)].list) == nil)
    #expect(ExpressionWriter.counter(of: []) == nil)
  }

  @Test("Its digest is that of its content, not of its counter")
  func sameContent() {
    let digest = ExpressionWriter.digest(of: Self.rule(packets: 1, bytes: 2).list, hasher: hasher)
    #expect(
      ExpressionWriter.digest(of: Self.rule(packets: .max, bytes: 3).list, hasher: hasher) == digest
    )
  }

  @Test("Each byte but the counter's makes another digest")
  func otherContent() {
    let list = Self.rule(packets: 1, bytes: 2).list
    let digest = ExpressionWriter.digest(of: list, hasher: hasher)
    let counter = Self.matches.list.count..<Self.matches.list.count + Self.counterSize
    for index in list.indices where !counter.contains(index) {
      var changed = list
      changed[index] ^= 0x10
      #expect(ExpressionWriter.digest(of: changed, hasher: hasher) != digest, "byte \(index)")
    }
    for count in list.indices {
      let shorter = Array(list[..<count])
      #expect(ExpressionWriter.digest(of: shorter, hasher: hasher) != digest, "\(count) bytes")
    }
  }

  @Test("No expressions are the same wherever they don't lie")
  func nothing() {
    let digest = ExpressionWriter.digest(of: [], hasher: hasher)
    #expect(ExpressionWriter.digest(of: .empty, userData: .empty, hasher: hasher) == digest)
    unsafe [1, 2, 3].withUnsafeBytes { bytes in
      let none = unsafe KernelBytes(UnsafeRawBufferPointer(rebasing: bytes[1..<1]))
      #expect(ExpressionWriter.digest(of: none, userData: none, hasher: hasher) == digest)
    }
  }

  @Test("The user data is part of the content, and where the counter stands")
  func placesOfContent() {
    let verdict = ExpressionBytes.verdict(1)
    let counter = ExpressionBytes.counter(packets: 0, bytes: 0)
    let digests = [
      ExpressionWriter.digest(of: [counter, verdict].list, hasher: hasher),
      ExpressionWriter.digest(of: [verdict, counter].list, hasher: hasher),
      ExpressionWriter.digest(of: [verdict].list, hasher: hasher),
      ExpressionWriter.digest(of: [verdict].list, userData: [0, 2, 0x61, 0], hasher: hasher),
      ExpressionWriter.digest(of: [verdict].list, userData: [0, 2, 0x62, 0], hasher: hasher),
    ]
    #expect(Set(digests).count == digests.count)
  }

  private static let matches: [ExpressionBytes] = [
    .payload(1, 16, 4), .compare(0, [10, 96, 0, 1]), .match("comment", [0x61, 0x62, 0, 0]),
  ]

  private static let counterSize = ExpressionBytes.counter(packets: 0, bytes: 0).bytes.count

  private static func rule(packets: UInt64, bytes: UInt64) -> [ExpressionBytes] {
    matches + [.counter(packets: packets, bytes: bytes), .verdict(-3, "KUBE-MARK-MASQ")]
  }
}
