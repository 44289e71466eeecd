internal import Netfilter

/// 128 bits that stand for a run of bytes.
struct ContentDigest: Hashable {
  let first: UInt64
  let second: UInt64
}

/// Computes digests, seeded anew for each source so that nobody can prepare two rules with the same.
///
/// Multiplies and folds 16 bytes at a time, in two lanes, as wyhash does: a rule's few hundred bytes
/// cost less than fetching them from memory.
struct ContentHasher {
  private let firstKey: UInt64
  private let secondKey: UInt64
  private var first: UInt64
  private var second: UInt64

  /// A hasher with a new seed; copies of it share the seed.
  init() {
    firstKey = UInt64.random(in: .min ... .max)
    secondKey = UInt64.random(in: .min ... .max)
    first = UInt64.random(in: .min ... .max)
    second = UInt64.random(in: .min ... .max)
  }

  /// Takes in `count` bytes from `start`, and their number.
  @inline(__always)
  mutating func combine(_ start: UnsafeRawPointer, count: Int) {
    var offset = 0
    while offset + 16 <= count {
      combine(
        unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
        unsafe start.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      offset += 16
    }
    if offset + 8 <= count {
      combine(unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0)
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < count {
      rest = rest << 8 | UInt64(unsafe start.load(fromByteOffset: offset, as: UInt8.self))
      offset += 1
    }
    combine(rest, UInt64(truncatingIfNeeded: count))
  }

  /// Takes in two words.
  @inline(__always)
  mutating func combine(_ left: UInt64, _ right: UInt64) {
    first = Self.fold(left ^ first, right ^ firstKey)
    second = Self.fold(right ^ second, left ^ secondKey)
  }

  /// The digest of all that was taken in.
  @inline(__always)
  func finish() -> ContentDigest { ContentDigest(first: first, second: second) }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}

/// The rules of a chain that the last reading wrote.
struct KnownRules {
  let rules: RuleList
  private let digests: ArraySlice<ContentDigest>
  /// Where each digest stands; made when a rule is not where it was.
  private var positions: [ContentDigest: Int]?

  /// Takes the chain at `position`; the digests are those of all rules.
  init(_ content: TableContent, _ digests: [ContentDigest], at position: Int) {
    rules = content.chains[position].rules
    self.digests = digests[content.ruleRange(of: position)]
  }

  /// Where a rule of that digest stands; looked for at its own place first.
  mutating func position(of digest: ContentDigest, near position: Int) -> Int? {
    if position < rules.count, digests[digests.startIndex + position] == digest {
      return position
    }
    if let positions { return positions[digest] }
    let positions = Dictionary(zip(digests, 0...), uniquingKeysWith: { first, _ in first })
    self.positions = positions
    return positions[digest]
  }
}
