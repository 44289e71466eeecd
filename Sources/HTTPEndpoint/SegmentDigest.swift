/// A fingerprint of a segment: 128 bits of its content, and its length.
///
/// It is keyed by a random seed, so that nobody can construct two contents of one digest.
struct SegmentDigest: Hashable {
  let high: UInt64
  let low: UInt64
  let length: Int
}

/// Makes the digests of one seed.
///
/// Words of the content are multiplied in pairs, 64 by 64 bits, and both halves of each product are
/// folded into one of four lanes. Every word reaches one lane of each half of the digest, each time
/// with another partner, so that the halves do not fail together. The lanes do not depend on each
/// other, so the multiplier is always busy: 10 GB/s and more.
struct SegmentDigester: Sendable {
  private let seed: SIMD4<UInt64>

  init() {
    var generator = SystemRandomNumberGenerator()
    self.init(using: &generator)
  }

  init(using generator: inout some RandomNumberGenerator) {
    seed = SIMD4(
      generator.next(), generator.next(), generator.next(), generator.next())
  }

  /// The digest of the bytes.
  func digest(of bytes: [UInt8]) -> SegmentDigest {
    let span = unsafe bytes.span.bytes
    var lanes = Lanes(seed: seed)
    var offset = 0
    while offset <= span.byteCount - Lanes.stride {
      // The loop's condition checks the bounds of the unchecked loads.
      lanes.absorb(
        unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self),
        unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: offset + 8, as: UInt64.self),
        unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: offset + 16, as: UInt64.self),
        unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: offset + 24, as: UInt64.self))
      offset += Lanes.stride
    }
    // The rest is padded with zeroes. The length distinguishes contents that padding makes equal.
    var rest = SIMD4<UInt64>()
    for index in offset..<span.byteCount {
      let position = index - offset
      rest[position / 8] |= UInt64(bytes[index]) << UInt64(position % 8 * 8)
    }
    lanes.absorb(rest[0], rest[1], rest[2], rest[3])
    return lanes.digest(length: bytes.count)
  }
}

extension SegmentDigester {
  private struct Lanes {
    static let stride = 32

    private let seed0, seed1, seed2, seed3: UInt64
    private var lane0, lane1, lane2, lane3: UInt64

    init(seed: SIMD4<UInt64>) {
      (seed0, seed1, seed2, seed3) = (seed[0], seed[1], seed[2], seed[3])
      (lane0, lane1, lane2, lane3) = (seed[1], seed[2], seed[3], seed[0])
    }

    @inline(__always)
    mutating func absorb(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64, _ word3: UInt64) {
      lane0 = Self.fold(word0 ^ seed0, word1 ^ lane0)
      lane1 = Self.fold(word2 ^ seed1, word3 ^ lane1)
      lane2 = Self.fold(word3 ^ seed2, word0 ^ lane2)
      lane3 = Self.fold(word1 ^ seed3, word2 ^ lane3)
    }

    func digest(length: Int) -> SegmentDigest {
      let length64 = UInt64(truncatingIfNeeded: length)
      return SegmentDigest(
        high: Self.fold(lane0 ^ seed2, Self.fold(lane1 ^ seed3, length64 ^ seed0)),
        low: Self.fold(lane2 ^ seed0, Self.fold(lane3 ^ seed1, length64 ^ seed2)),
        length: length)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
      let product = left.multipliedFullWidth(by: right)
      return product.high ^ product.low
    }
  }
}
