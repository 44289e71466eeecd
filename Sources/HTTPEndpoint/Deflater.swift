import CZlib

/// A zlib compressor for pieces of raw deflate that do not refer to each other.
///
/// Each piece ends on a byte, and none is marked as the last. So pieces can be joined in any order,
/// and ``lastBlock`` follows them. The level is 1, because a scrape must be fast.
///
/// Counterpart: `z_stream`.
@safe
struct Deflater: ~Copyable {
  /// An empty block that ends a deflate stream.
  static let lastBlock: [UInt8] = [0x03, 0x00]

  // zlib keeps the address of its stream, so the stream must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var scratch = [UInt8](repeating: 0, count: 64 * 1024)

  /// Creates a compressor.
  ///
  /// - Throws: ``DeflateError`` if there is no memory.
  init() throws(DeflateError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let code = unsafe CZlib_deflateInit2(stream, 1, -MAX_WBITS, 8)
    guard code == Z_OK else {
      throw DeflateError(code: code)
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
  }

  /// Compresses a segment on its own. The same bytes always give the same piece.
  ///
  /// - Throws: ``DeflateError`` if zlib fails, or if the segment has 4 GiB or more.
  mutating func piece(of segment: [UInt8]) throws(DeflateError) -> [UInt8] {
    guard let length = UInt32(exactly: segment.count) else {
      throw DeflateError(code: Z_BUF_ERROR)
    }
    var code = unsafe deflateReset(stream)
    guard code == Z_OK else {
      throw DeflateError(code: code)
    }
    var piece: [UInt8] = []
    unsafe segment.withUnsafeBufferPointer { input in
      unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      unsafe stream.pointee.avail_in = length
      repeat {
        code = flush(into: &piece)
      } while unsafe code == Z_OK && stream.pointee.avail_out == 0
      unsafe stream.pointee.next_in = nil
    }
    // Z_BUF_ERROR: the last round filled the scratch exactly, and nothing was left to write.
    guard code == Z_OK || code == Z_BUF_ERROR else {
      throw DeflateError(code: code)
    }
    // The pieces are kept, so each is copied to an array of its exact size.
    return Array(piece[...])
  }

  private mutating func flush(into piece: inout [UInt8]) -> CInt {
    let stream = unsafe stream
    return unsafe scratch.withUnsafeMutableBufferPointer { output in
      unsafe stream.pointee.next_out = output.baseAddress
      unsafe stream.pointee.avail_out = UInt32(output.count)
      let code = unsafe deflate(stream, Z_SYNC_FLUSH)
      let written = unsafe output.count - Int(stream.pointee.avail_out)
      unsafe piece.append(contentsOf: output.prefix(written))
      return code
    }
  }
}

/// An error of zlib.
struct DeflateError: Error {
  /// zlib's return code, such as `Z_MEM_ERROR`.
  let code: CInt
}

/// The checksum at the end of a gzip member.
///
/// Counterpart: `crc32_z`, `crc32_combine`.
struct GzipChecksum: Equatable {
  private(set) var value: UInt32 = 0
  private(set) var length = 0

  init() {}

  init(of bytes: [UInt8]) {
    value = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress, bytes.count))
    }
    length = bytes.count
  }

  /// Makes this the checksum of both contents, one after the other.
  mutating func append(_ other: GzipChecksum) {
    let combined = crc32_combine(uLong(value), uLong(other.value), other.length)
    value = UInt32(truncatingIfNeeded: combined)
    length += other.length
  }
}
