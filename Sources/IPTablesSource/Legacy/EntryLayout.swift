private import CIPTables
internal import Netfilter

/// Where the fields of a rule stand in the kernel's form of it, which is the same in both families
/// but for the sizes: selectors, offsets, counters, matches, target.
///
/// C counterparts: `struct ipt_entry`, `struct ip6t_entry`.
struct EntryLayout {
  let family: IPFamily
  /// The bytes of the selectors at the entry's beginning: `struct ipt_ip`, `ip6t_ip6`.
  let selectorSize: Int
  private let addressSize: Int
  let targetOffset: Int
  let nextOffset: Int
  let counters: Int
  /// Where the matches begin, which is the entry's own size.
  let elements: Int

  /// What is inverted: `IPT_INV_*`, which are the same in both families.
  enum Inversion: UInt8 {
    case input = 0x01
    case output = 0x02
    case source = 0x08
    case destination = 0x10
    case fragment = 0x20
    case `protocol` = 0x40
  }

  init(_ family: IPFamily) {
    self.family = family
    switch family {
    case .ipv4:
      selectorSize = MemoryLayout<ipt_ip>.size
      addressSize = MemoryLayout<in_addr>.size
      targetOffset = Self.offset(of: \ipt_entry.target_offset)
      nextOffset = Self.offset(of: \ipt_entry.next_offset)
      counters = Self.offset(of: \ipt_entry.counters)
      elements = MemoryLayout<ipt_entry>.size
    case .ipv6:
      selectorSize = MemoryLayout<ip6t_ip6>.size
      addressSize = MemoryLayout<in6_addr>.size
      targetOffset = Self.offset(of: \ip6t_entry.target_offset)
      nextOffset = Self.offset(of: \ip6t_entry.next_offset)
      counters = Self.offset(of: \ip6t_entry.counters)
      elements = MemoryLayout<ip6t_entry>.size
    }
  }

  // The selectors' fields: addresses and their masks, names of interfaces and the masks of those, the
  // protocol, in IPv6 the type of service, flags, and what is inverted.
  var source: Int { 0 }
  var destination: Int { addressSize }
  var sourceMask: Int { 2 * addressSize }
  var destinationMask: Int { 3 * addressSize }
  var input: Int { 4 * addressSize }
  var output: Int { input + Self.interfaceNameSize }
  var inputMask: Int { output + Self.interfaceNameSize }
  var outputMask: Int { inputMask + Self.interfaceNameSize }
  var `protocol`: Int { outputMask + Self.interfaceNameSize }
  var flags: Int { `protocol` + (family == .ipv4 ? 2 : 3) }
  var inversions: Int { flags + 1 }

  /// The flag of an entry whose protocol counts; 0 where all have one.
  var protocolFlag: UInt8 { family == .ipv4 ? 0 : UInt8(IP6T_F_PROTO) }
  var fragmentFlag: UInt8 { family == .ipv4 ? UInt8(IPT_F_FRAG) : 0 }
  var gotoFlag: UInt8 { family == .ipv4 ? UInt8(IPT_F_GOTO) : UInt8(IP6T_F_GOTO) }

  private static func offset<Entry, Field>(of field: KeyPath<Entry, Field>) -> Int {
    MemoryLayout<Entry>.offset(of: field) ?? 0
  }

  /// The size in bytes of the header of a match or target: `struct xt_entry_match`.
  static let extensionHeaderSize = 32
  /// The longest name of a match or target, with its zero.
  static let extensionNameSize = 29
  /// `IFNAMSIZ`.
  static let interfaceNameSize = 16

  /// The rule's counters.
  @inline(__always)
  func counter(of entry: UnsafeRawPointer) -> Counter {
    Counter(
      packets: unsafe entry.loadUnaligned(fromByteOffset: counters, as: UInt64.self),
      bytes: unsafe entry.loadUnaligned(fromByteOffset: counters + 8, as: UInt64.self))
  }

  /// A digest of the rule's content where it lies.
  ///
  /// Left out are the counters, libiptc's bookkeeping, the verdict of a standard target (an offset that
  /// shifts when the table grows: `targetName` stands for it), what follows the end of a name or a
  /// comment (the kernel leaves there what the buffer held). What else a match keeps for itself only
  /// costs a rule's being rendered again.
  @inline(__always)
  func digest(
    of entry: UnsafeRawPointer, targetName: UnsafePointer<CChar>, nameLength: Int,
    hasher: ContentHasher
  ) -> ContentDigest {
    var hasher = hasher
    unsafe hasher.combine(entry, count: selectorSize)
    // The end is where libiptc's allocation ends; the target's place is the kernel's word alone.
    let end = Int(unsafe entry.loadUnaligned(fromByteOffset: nextOffset, as: UInt16.self))
    let target = min(
      end, Int(unsafe entry.loadUnaligned(fromByteOffset: targetOffset, as: UInt16.self)))
    var offset = elements
    while offset + Self.extensionHeaderSize <= target {
      let match = unsafe entry + offset
      let size = Int(unsafe match.loadUnaligned(as: UInt16.self))
      guard size >= Self.extensionHeaderSize, offset + size <= target else { break }
      unsafe Self.combine(match, size: size, into: &hasher)
      offset += size
    }
    guard end - target >= Self.extensionHeaderSize else { return hasher.finish() }
    let isStandard = unsafe entry.load(fromByteOffset: target + 2, as: UInt8.self) == 0
    if isStandard {
      unsafe hasher.combine(targetName, count: nameLength)
    } else {
      unsafe Self.combine(entry + target, size: end - target, into: &hasher)
    }
    return hasher.finish()
  }

  /// Takes in a match or target: size, revision, name and payload.
  @inline(__always)
  private static func combine(
    _ start: UnsafeRawPointer, size: Int, into hasher: inout ContentHasher
  ) {
    let revision = unsafe start.load(fromByteOffset: extensionHeaderSize - 1, as: UInt8.self)
    let name = unsafe start.loadUnaligned(fromByteOffset: 2, as: UInt64.self)
    hasher.combine(upToZero(name), UInt64(size) | UInt64(revision) << 32)
    if !hasZero(name) {
      // Names of eight characters and more are rare.
      unsafe hasher.combine(
        upToZero(start.loadUnaligned(fromByteOffset: 10, as: UInt64.self)), 0)
    }
    let comment: UInt64 = 0x0074_6e65_6d6d_6f63  // "comment\0", as a little-endian word
    let payload = unsafe start + extensionHeaderSize
    if name == comment {
      unsafe combineText(payload, size: size - extensionHeaderSize, into: &hasher)
    } else {
      unsafe hasher.combine(payload, count: size - extensionHeaderSize)
    }
  }

  /// Takes in a text up to its end: most of a table is made of the zeros behind comments.
  @inline(__always)
  private static func combineText(
    _ start: UnsafeRawPointer, size: Int, into hasher: inout ContentHasher
  ) {
    var offset = 0
    while offset + 8 <= size {
      let word = unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      hasher.combine(upToZero(word), UInt64(truncatingIfNeeded: offset))
      if hasZero(word) { return }
      offset += 8
    }
  }

  /// Bit 7 of each byte that is zero; above the first of them there may be others.
  @inline(__always)
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  @inline(__always)
  private static func hasZero(_ word: UInt64) -> Bool { zeroBytes(word) != 0 }

  /// The bytes before the first zero, as little-endian machines order them.
  @inline(__always)
  private static func upToZero(_ word: UInt64) -> UInt64 {
    let zeros = zeroBytes(word)
    return zeros == 0 ? word : word & ((zeros & (0 &- zeros)) &- 1)
  }
}
