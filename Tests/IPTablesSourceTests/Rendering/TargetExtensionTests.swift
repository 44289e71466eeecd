import Netfilter
import TestSupport
import Testing

@Suite("A target that is kept as bytes is rendered as iptables-save prints it", .liveKernel)
struct TargetExtensionLiveTests {
  @Test("In either backend", arguments: Backend.allCases, RenderedRule.targetExtensions)
  func rendered(_ backend: Backend, _ rule: RenderedRule) throws {
    let loaded = try LoadedRules(rule, in: backend)
    #expect(loaded.rendered == loaded.printed)
    if backend == .legacy { #expect(loaded.printed == [rule.printed]) }
  }
}

@Suite("A target's bytes that say nothing iptables-save has words for")
struct TargetExtensionTests {
  @Test(
    "A value without an option is counted",
    arguments: [
      ("AUDIT", 0, 8), ("CONNMARK", 1, 16), ("CONNMARK", 2, 16), ("CONNSECMARK", 0, 8),
      ("HL", 0, 8), ("HMARK", 0, 64), ("RATEEST", 0, 32), ("SECMARK", 0, 264),
      ("SECMARK", 1, 264), ("TTL", 0, 8),
    ] as [(String, UInt8, Int)])
  func unknownValue(_ name: String, _ revision: UInt8, _ size: Int) {
    #expect(
      Self.text(name, revision, [UInt8](repeating: 9, count: size))
        == "-A HERE -j \(name) [unrecognised, \(size) bytes]")
  }

  @Test("A revision that isn't known is counted")
  func unknownRevision() {
    let bytes = [UInt8](repeating: 0, count: 32)
    #expect(Self.text("LOG", 0, bytes) == "-A HERE -j LOG --log-level 0")
    #expect(Self.text("LOG", 1, bytes) == "-A HERE -j LOG [unrecognised, 32 bytes]")
  }

  @Test("A timeout policy, which only another program can make, stands behind the helper")
  func timeoutPolicy() {
    var bytes = [UInt8](repeating: 0, count: 72)
    bytes.replaceSubrange(12..<15, with: "ftp".utf8)
    bytes.replaceSubrange(28..<60, with: [UInt8](repeating: UInt8(ascii: "t"), count: 32))
    let timeout = String(repeating: "t", count: 32)
    #expect(Self.text("CT", 2, bytes) == "-A HERE -j CT --helper ftp --timeout \(timeout)")
    #expect(Self.text("CT", 0, Array(bytes.prefix(40))) == "-A HERE -j CT --helper ftp")
  }

  @Test("Any bytes of any size are rendered", arguments: IPFamily.allCases)
  func anyBytes(_ family: IPFamily) {
    let names = Set(RenderedRule.targetExtensions.compactMap(\.targetName))
    var generator = SplitMix64(seed: 7)
    for name in names.sorted() {
      for revision in UInt8(0)...4 {
        for size in 1...90 {
          let payload = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
          let text = Self.text(name, revision, payload, family)
          #expect(text.hasPrefix("-A HERE -j "))
        }
      }
    }
  }

  private static func text(
    _ name: String, _ revision: UInt8, _ payload: [UInt8], _ family: IPFamily = .ipv4
  ) -> String {
    StructText(name, revision, payload, family).targetText
  }
}

extension RenderedRule {
  fileprivate var targetName: String? {
    text.split(separator: " ").drop { $0 != "-j" }.dropFirst().first.map(String.init)
  }
}
