import Netfilter
import TestSupport
import Testing

@testable import IPTablesSource

@Suite("Bytes that are no entry of x_tables")
struct EntryHostileTests {
  private let hasher = ContentHasher()

  @Test("There are entries to begin with")
  func seeds() {
    #expect(KernelSeed.all("legacy").count > 10)
    #expect(KernelSeed.all("extensions").count > 20)
  }

  @Test("An entry may end anywhere", arguments: KernelSeed.all("legacy"))
  func truncated(_ seed: KernelSeed) {
    let (family, entry) = Self.entry(seed)
    for count in entry.indices {
      _ = Self.rule(Array(entry[..<count]), family).line(family)
    }
    #expect(!Self.rule(entry, family).matches.isEmpty)
  }

  @Test("Each byte of an entry may be another", arguments: KernelSeed.all("legacy"))
  func changed(_ seed: KernelSeed) {
    let (family, entry) = Self.entry(seed)
    for index in entry.indices {
      for value in [0, 0xff, entry[index] &+ 1, entry[index] &- 4] as [UInt8] {
        var changed = entry
        changed[index] = value
        _ = Self.rule(changed, family).line(family)
      }
    }
  }

  @Test(
    "The struct of an extension may end anywhere: it is then no known one",
    arguments: KernelSeed.all("extensions"))
  func truncatedExtension(_ seed: KernelSeed) throws {
    let family = seed.bytes[0] & 1 == 0 ? IPFamily.ipv4 : .ipv6
    let nameBytes = seed.bytes[2...].prefix { $0 != 0 }
    let name = String(decoding: nameBytes, as: UTF8.self)
    let payload = Array(seed.bytes.dropFirst(3 + nameBytes.count))
    for count in payload.indices {
      unsafe Array(payload[..<count]).withUnsafeBytes { bytes in
        let bytes = unsafe KernelBytes(bytes)
        if seed.bytes[0] & 2 == 0 {
          let match = MatchDecoder(family: family)
            .match(name, revision: seed.bytes[1], payload: bytes)
          _ = DecodedRule(matches: [match], target: .none).line(family)
          if count == 0, name != "comment" { #expect(match.isUnrecognised) }
        } else {
          let target = TargetDecoder(family: family)
            .target(name, revision: seed.bytes[1], payload: bytes)
          _ = DecodedRule(target: target).line(family)
          if count == 0 { #expect(target.isUnrecognised) }
        }
      }
    }
  }

  @Test(
    "A target beyond the entry's end has the digest look at nothing behind it",
    arguments: KernelSeed.all("legacy"), [0xff, 0x7f] as [UInt8])
  func targetBeyond(_ seed: KernelSeed, high: UInt8) {
    let (family, entry) = Self.entry(seed)
    let layout = EntryLayout(family)
    var changed = entry
    changed[layout.targetOffset + 1] = high
    let room = [UInt8](repeating: 0, count: 1 << 16)
    let other = [UInt8](repeating: 0x40, count: 1 << 16)
    #expect(digest(changed + room, layout) == digest(changed + other, layout))
  }

  private func digest(_ bytes: [UInt8], _ layout: EntryLayout) -> ContentDigest? {
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe bytes.baseAddress.map {
        unsafe layout.digest(of: $0, targetName: "KUBE-SERVICES", hasher: hasher)
      }
    }
  }

  private static func entry(_ seed: KernelSeed) -> (IPFamily, [UInt8]) {
    (seed.bytes[0] & 1 == 0 ? .ipv4 : .ipv6, Array(seed.bytes.dropFirst(2)))
  }

  private static func rule(_ entry: [UInt8], _ family: IPFamily) -> DecodedRule {
    unsafe entry.withUnsafeBytes {
      unsafe RuleDecoder(family).rule(KernelBytes($0), targetName: Array("THERE".utf8))
    }
  }
}

extension Match {
  fileprivate var isUnrecognised: Bool { if case .unrecognised = self { true } else { false } }
}

extension Target {
  fileprivate var isUnrecognised: Bool { if case .unrecognised = self { true } else { false } }
}
