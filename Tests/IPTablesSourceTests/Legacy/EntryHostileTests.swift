import Netfilter
import TestSupport
import Testing
import XTables

@testable import IPTablesSource

@Suite("Bytes that are no entry of x_tables")
struct EntryHostileTests {
  private let hasher = ContentHasher()
  private let extensions = XTables.shared

  @Test("There are entries to begin with")
  func seeds() {
    #expect(KernelSeed.all("legacy").count > 10)
    #expect(KernelSeed.all("extensions").count > 20)
  }

  @Test("An entry may end anywhere", arguments: KernelSeed.all("legacy"))
  func truncated(_ seed: KernelSeed) {
    let (family, entry) = Self.entry(seed)
    for count in entry.indices {
      _ = line(Array(entry[..<count]), family)
    }
    #expect(!line(entry, family).starts(with: "-j".utf8))
  }

  @Test("Each byte of an entry may be another", arguments: KernelSeed.all("legacy"))
  func changed(_ seed: KernelSeed) {
    let (family, entry) = Self.entry(seed)
    for index in entry.indices {
      for value in [0, 0xff, entry[index] &+ 1, entry[index] &- 4] as [UInt8] {
        var changed = entry
        changed[index] = value
        _ = line(changed, family)
      }
    }
  }

  @Test(
    "The struct of an extension may end anywhere: it is then no known one",
    arguments: KernelSeed.all("extensions"))
  func truncatedExtension(_ seed: KernelSeed) throws {
    let family = seed.bytes[0] & 1 == 0 ? IPFamily.ipv4 : .ipv6
    let name = Array(seed.bytes[2...].prefix { $0 != 0 })
    let payload = Array(seed.bytes.dropFirst(3 + name.count))
    var line = LineWriter(family: family)
    for count in payload.indices {
      line.removeAll()
      extensions.write(
        seed.bytes[0] & 2 == 0 ? .match : .target, name.span, revision: seed.bytes[1],
        info: Array(payload[..<count]).span, to: &line)
      if count == 0 { #expect(line.line.dropFirst(3).elementsEqual(name)) }
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
        unsafe layout.digest(of: $0, targetName: "KUBE-SERVICES", nameLength: 13, hasher: hasher)
      }
    }
  }

  private static func entry(_ seed: KernelSeed) -> (IPFamily, [UInt8]) {
    (seed.bytes[0] & 1 == 0 ? .ipv4 : .ipv6, Array(seed.bytes.dropFirst(2)))
  }

  private func line(_ entry: [UInt8], _ family: IPFamily) -> ArraySlice<UInt8> {
    var writer = EntryWriter(family, extensions)
    return unsafe entry.withUnsafeBytes { entry in
      unsafe Array("THERE".utf8).withUnsafeBytes { name in
        unsafe writer.line(of: KernelBytes(entry), targetName: KernelBytes(name))
      }
    }
  }
}
