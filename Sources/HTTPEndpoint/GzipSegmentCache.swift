import Synchronization

/// Compresses bodies that are mostly the same from one response to the next.
///
/// A body comes in segments. Each segment is deflated on its own, so that its piece can be used
/// again for any segment of the same bytes in any response. The pieces, between a header and a
/// trailer, are one ordinary gzip member. A piece is dropped when none of the last few responses
/// used it. If there are too many pieces, or they take too much memory, the least recently used
/// ones are dropped earlier.
final class GzipSegmentCache: Sendable {
  /// A compressed segment.
  fileprivate struct Piece {
    let bytes: [UInt8]
    let checksum: GzipChecksum
  }

  fileprivate struct State {
    var pieces: [SegmentDigest: (piece: Piece, lastUse: UInt64)] = [:]
    var byteCount = 0
    var clock: UInt64 = 0
    /// The times at which the last responses began, on the same clock.
    var responses: [UInt64] = []
  }

  // Magic, deflate, no flags, no time, fastest, Unix: RFC 1952, section 2.3.1.
  private static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]

  private let maxBytes: Int
  private let maxCount: Int
  private let digester = SegmentDigester()
  private let state = Mutex(State())

  /// Creates an empty cache that holds at most this many bytes and pieces.
  init(maxBytes: Int, maxCount: Int) {
    self.maxBytes = maxBytes
    self.maxCount = maxCount
  }

  /// The number and the bytes of the pieces in the cache.
  var usage: (count: Int, bytes: Int) {
    state.withLock { ($0.pieces.count, $0.byteCount) }
  }

  /// Makes one gzip member of the segments, in pieces that are sent one after the other.
  ///
  /// The result depends only on the segments, not on the cache.
  ///
  /// - Throws: ``DeflateError`` if zlib has no memory.
  func member(of segments: [[UInt8]]) throws(DeflateError) -> [[UInt8]] {
    state.withLock { $0.beginResponse() }
    var pieces = [Self.header]
    var checksum = GzipChecksum()
    var deflater: Deflater?
    for segment in segments where !segment.isEmpty {
      let piece = try piece(of: segment, with: &deflater)
      pieces.append(piece.bytes)
      checksum.append(piece.checksum)
    }
    let length = UInt32(truncatingIfNeeded: checksum.length)
    pieces.append(
      Deflater.lastBlock + Self.littleEndian(checksum.value) + Self.littleEndian(length))
    return pieces
  }

  private func piece(
    of segment: [UInt8], with deflater: inout Deflater?
  ) throws(DeflateError) -> Piece {
    let digest = digester.digest(of: segment)
    if let known = state.withLock({ $0.use(digest) }) {
      return known
    }
    // Outside the lock: deflating a large segment takes many milliseconds.
    var compressor: Deflater
    if let used = deflater.take() {
      compressor = used
    } else {
      compressor = try Deflater()
    }
    let piece = Piece(
      bytes: try compressor.piece(of: segment), checksum: GzipChecksum(of: segment))
    deflater = consume compressor
    state.withLock { $0.insert(piece, for: digest, maxBytes: maxBytes, maxCount: maxCount) }
    return piece
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
}

extension GzipSegmentCache.State {
  /// A piece is dropped when this many responses in a row did not use it. It is enough for a few
  /// scrapers with different formats that ask in turn.
  private static let rememberedResponses = 8

  /// Drops the pieces that none of the last responses used.
  mutating func beginResponse() {
    clock += 1
    responses.append(clock)
    guard responses.count > Self.rememberedResponses else { return }
    let oldest = responses.removeFirst()
    for (digest, entry) in pieces where entry.lastUse < oldest {
      pieces[digest] = nil
      byteCount -= entry.piece.bytes.count
    }
  }

  /// Returns a piece, and marks it as the most recently used.
  mutating func use(_ digest: SegmentDigest) -> GzipSegmentCache.Piece? {
    clock += 1
    pieces[digest]?.lastUse = clock
    return pieces[digest]?.piece
  }

  mutating func insert(
    _ piece: GzipSegmentCache.Piece, for digest: SegmentDigest, maxBytes: Int, maxCount: Int
  ) {
    guard pieces[digest] == nil, piece.bytes.count <= maxBytes, maxCount > 0 else { return }
    while byteCount + piece.bytes.count > maxBytes || pieces.count >= maxCount {
      guard let oldest = pieces.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
      pieces[oldest.key] = nil
      byteCount -= oldest.value.piece.bytes.count
    }
    clock += 1
    pieces[digest] = (piece, clock)
    byteCount += piece.bytes.count
  }
}

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
