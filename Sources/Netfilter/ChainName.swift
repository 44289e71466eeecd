/// The name of a chain, held inline: at most 31 bytes, so that comparing and hashing 25,000 of them
/// touches no heap.
///
/// The kernel's limit is 28 bytes in x_tables; what a name holds is not otherwise restricted.
/// Ordered by bytes, as libiptc sorts chains. C counterpart: `xt_chainlabel`.
public struct ChainName: Sendable, Hashable, Comparable {
  /// The longest name in bytes that this type holds.
  public static let maximumLength = 31

  /// The bytes, big-endian and padded with zeros, so that the integers' order is the bytes' order.
  public let words: (UInt64, UInt64, UInt64, UInt64)

  /// Makes a name from its bytes; nil where there are more than ``maximumLength``, or a zero byte.
  public init?(_ bytes: some Sequence<UInt8>) {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var count = 0
    for byte in bytes {
      guard count < Self.maximumLength, byte != 0 else { return nil }
      let shifted = UInt64(byte) << UInt64(56 - 8 * (count & 7))
      switch count >> 3 {
      case 0: words.0 |= shifted
      case 1: words.1 |= shifted
      case 2: words.2 |= shifted
      default: words.3 |= shifted
      }
      count += 1
    }
    self.words = words
  }

  /// Makes a name from its bytes, padded with zeros, as they lie in memory.
  ///
  /// The last byte must be zero, and no byte behind the first zero anything else.
  public init(bigEndianWords words: (UInt64, UInt64, UInt64, UInt64)) {
    self.words = (
      UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2),
      UInt64(bigEndian: words.3)
    )
  }

  /// Makes a name from its UTF-8 text; nil where that is too long.
  public init?(_ text: some StringProtocol) { self.init(text.utf8) }

  /// The number of bytes.
  public var count: Int {
    func used(_ word: UInt64) -> Int { 8 - word.trailingZeroBitCount / 8 }
    if words.3 != 0 { return 24 + used(words.3) }
    if words.2 != 0 { return 16 + used(words.2) }
    if words.1 != 0 { return 8 + used(words.1) }
    return used(words.0)
  }

  /// The byte at `index`, 0 to 31; zero behind the name's end.
  @inline(__always)
  public func byte(at index: Int) -> UInt8 {
    let word =
      switch index >> 3 {
      case 0: words.0
      case 1: words.1
      case 2: words.2
      default: words.3
      }
    return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
  }

  /// The name's bytes, without padding.
  public var bytes: [UInt8] { (0..<count).map { byte(at: $0) } }

  /// Whether the name begins with all of `prefix`.
  public func hasPrefix(_ prefix: ChainName) -> Bool {
    func agree(_ mine: UInt64, _ theirs: UInt64) -> Bool {
      // A zero byte of the prefix, and so all that follow, match anything.
      let significant = 64 - theirs.trailingZeroBitCount / 8 * 8
      if significant == 0 { return true }
      return (mine ^ theirs) >> UInt64(64 - significant) == 0
    }
    return agree(words.0, prefix.words.0) && agree(words.1, prefix.words.1)
      && agree(words.2, prefix.words.2) && agree(words.3, prefix.words.3)
  }

  public static func == (left: ChainName, right: ChainName) -> Bool {
    left.words == right.words
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }

  public static func < (left: ChainName, right: ChainName) -> Bool { left.words < right.words }
}

extension ChainName: CustomStringConvertible {
  /// The name as text; bytes that are not UTF-8 are replaced.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension ChainName: ExpressibleByStringLiteral {
  /// For names that stand in the source; a longer one than ``maximumLength`` is a programming error.
  public init(stringLiteral text: String) {
    guard let name = ChainName(text) else { preconditionFailure("chain name too long: \(text)") }
    self = name
  }
}
