@testable import IPTablesSource
import Netfilter
import XTables

/// A table's rules as libiptc holds them: a byte that chooses the family, one that chooses what libiptc
/// calls the target, and entries, one after the other.
enum LegacyDomain {
  static func check(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let family = input.byte() & 1 == 0 ? IPFamily.ipv4 : .ipv6
    let target = targetNames[Int(input.byte()) % targetNames.count]
    let layout = EntryLayout(family)
    while !input.rest.isEmpty {
      let entry = input.bytes(size(of: input.rest, layout))
      check(entry, layout, target)
    }
  }

  /// As much as the entry says itself; all that there is where that is nothing.
  private static func size(of rest: ArraySlice<UInt8>, _ layout: EntryLayout) -> Int {
    let offset = rest.startIndex + layout.nextOffset
    guard offset + 1 < rest.endIndex else { return rest.count }
    let size = Int(rest[offset]) | Int(rest[offset + 1]) << 8
    return size == 0 ? rest.count : size
  }

  private static func check(_ entry: [UInt8], _ layout: EntryLayout, _ target: [UInt8]) {
    let line = line(entry, layout, target)
    RuleProperties.check(Rule(line: line[...]))
    // libiptc's allocation is as large as the entry says, and at least as large as its head.
    guard entry.count >= layout.elements, number(in: entry, at: layout.nextOffset) == entry.count
    else { return }
    let digest = digest(entry, layout, target)
    // The kernel has no target that lies within the head.
    guard number(in: entry, at: layout.targetOffset) >= layout.elements else { return }
    var counted = entry
    for index in 0..<16 { counted[layout.counters + index] ^= 0x5a }
    require(
      self.digest(counted, layout, target) == digest, "a digest leaves out the counters")
    require(self.line(counted, layout, target) == line, "a rule leaves out the counters")
  }

  private static func number(in entry: [UInt8], at offset: Int) -> Int {
    Int(entry[offset]) | Int(entry[offset + 1]) << 8
  }

  private static func line(
    _ entry: [UInt8], _ layout: EntryLayout, _ target: [UInt8]
  ) -> [UInt8] {
    var writer = EntryWriter(layout.family, xtables)
    return unsafe withExactCopy(of: entry) { entry in
      unsafe withExactCopy(of: target) { name in
        unsafe Array(writer.line(of: KernelBytes(entry), targetName: KernelBytes(name)))
      }
    }
  }

  private static let xtables = XTables()
  private static let hasher = ContentHasher()

  private static func digest(
    _ entry: [UInt8], _ layout: EntryLayout, _ target: [UInt8]
  ) -> ContentDigest {
    unsafe withExactCopy(of: entry) { entry in
      unsafe withExactCopy(of: target + [0]) { name in
        guard let start = entry.baseAddress,
          let name = unsafe name.bindMemory(to: CChar.self).baseAddress
        else { fatalError("both have bytes") }
        return unsafe layout.digest(
          of: start, targetName: name, nameLength: target.count, hasher: hasher)
      }
    }
  }

  private static let targetNames: [[UInt8]] =
    [
      "", "ACCEPT", "DROP", "KUBE-SVC-NPX46M4PTMTKRN6Y",
      "a-name-that-is-longer-than-any-chain-may-be",
    ].map { Array($0.utf8) } + [[0xff, 0xfe]]
}
