import Netfilter
import TestSupport
import Testing

@testable import XTables

@Suite("The table of extensions")
struct ExtensionTests {
  @Test("No two entries are of the same role, name, revision and family")
  func unique() {
    let keys = Extension.all.flatMap { entry in
      entry.revisions.flatMap { revision in
        (entry.family.map { [$0] } ?? IPFamily.allCases).map {
          "\(entry.role) \(entry.name) \(revision) \($0)"
        }
      }
    }
    #expect(keys.count == Set(keys).count)
    #expect(keys.count > 150)
  }

  @Test("A target's name is none of a chain")
  func targets() {
    for target in Extension.all where target.role == .target {
      #expect(Rule(line: Array("-j \(target.name)".utf8)[...]).chain == nil)
    }
  }

  @Test("A struct that isn't whole is counted, and none traps", arguments: Extension.all)
  func truncated(_ entry: Extension) {
    let aligned = (entry.size + 7) & ~7
    for byte: UInt8 in [0, 1, 3, 12, 127, 255] {
      for size in stride(from: 1, through: aligned + 9, by: max(1, entry.size / 128)) {
        let bytes = [UInt8](repeating: byte, count: size)
        let text = entry.example.text(of: bytes, sets: [0: "a", 0x0101: "b", 0x0303: "c"])
        if size != entry.size, size != aligned {
          #expect(text.hasPrefix(entry.example.unknownText(size)))
        }
      }
      for size in entry.size...aligned {
        _ = entry.example.text(of: [UInt8](repeating: byte, count: size))
      }
    }
  }

  @Test("Fields lie within the struct", arguments: Extension.all)
  func bounds(_ entry: Extension) {
    // What follows a struct up to a multiple of 8 bytes isn't part of it.
    var generator = SplitMix64(seed: UInt64(entry.size))
    for _ in 0..<100 {
      let bytes = (0..<entry.size).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let padding = [UInt8](repeating: 0xa5, count: (8 - entry.size % 8) % 8)
      let text = entry.example.text(of: bytes)
      if text.contains("unrecognised") { continue }
      #expect(entry.example.text(of: bytes + padding) == text)
    }
  }

  @Test("Bytes that differ are counted under different digests")
  func digests() {
    let known = KernelStruct(.match, "odd", 0, [1, 2])
    #expect(known.text == " -m odd [unrecognised, 2 bytes, d949aa186c0c4928]")
    #expect(known.text(of: [2, 1]) != known.text)
    #expect(KernelStruct(.match, "odd", 1, [1, 2]).text != known.text)
    #expect(KernelStruct(.target, "odd", 0, []).text == " -j odd")
    let name = String(repeating: "n", count: 40)
    #expect(KernelStruct(.match, name, 0, []).text == " -m \(name)")
  }

  @Test("A name or a revision that isn't known is counted")
  func unknown() {
    let bytes = [UInt8](repeating: 0, count: 32)
    #expect(KernelStruct(.target, "LOG", 0, bytes).text == " -j LOG --log-level 0")
    for other in [
      KernelStruct(.target, "LOG", 1, bytes), KernelStruct(.match, "LOG", 0, bytes),
      KernelStruct(.target, "LOGS", 0, bytes),
    ] {
      #expect(other.text.hasPrefix(other.unknownText(32)))
    }
  }

  @Test("What stood in the line before stays, whether the extension is known or not")
  func before() {
    var line = LineWriter(family: .ipv4)
    line.option("-p tcp")
    for value: UInt8 in [3, 4] {
      XTables().write(
        .match, Array("ttl".utf8).span, revision: 0, info: [value, 9].span, to: &line)
    }
    let text = String(decoding: line.line, as: UTF8.self)
    #expect(text.hasPrefix("-p tcp -m ttl --ttl-gt 9 -m ttl [unrecognised, 2 bytes, "))
  }
}

extension Extension: CustomStringConvertible {
  public var description: String { "\(role) \(name) \(revisions)" }

  /// The same for a test, in the first of its revisions.
  var example: KernelStruct {
    KernelStruct(role, name.description, revisions.lowerBound, [], "", family ?? .ipv4)
  }
}
