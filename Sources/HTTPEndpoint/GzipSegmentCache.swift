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
