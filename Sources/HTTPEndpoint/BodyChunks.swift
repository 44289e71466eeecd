import NIOCore

/// A body's segments as buffers of a size that is good to send, made one at a time.
///
/// Small segments share a buffer and large ones are divided, so that no more of a large body is
/// copied than is on its way to the client.
struct BodyChunks: Sequence, IteratorProtocol {
  static let chunkSize = 64 * 1024

  private let segments: [[UInt8]]
  private var segment = 0
  private var offset = 0

  init(_ segments: [[UInt8]]) {
    self.segments = segments
  }

  mutating func next() -> ByteBuffer? {
    var chunk: ByteBuffer?
    while segment < segments.count {
      let available = segments[segment].count - offset
      let room = Self.chunkSize - (chunk?.readableBytes ?? 0)
      guard room > 0 else { break }
      let count = Swift.min(available, room)
      if count > 0 {
        var buffer = chunk.take() ?? ByteBufferAllocator().buffer(capacity: Self.chunkSize)
        buffer.writeBytes(segments[segment][offset..<offset + count])
        chunk = buffer
      }
      offset += count
      if offset == segments[segment].count {
        segment += 1
        offset = 0
      }
    }
    return chunk
  }
}
