@testable import HTTPEndpoint

/// A response's segments, with a zero byte behind each.
enum CompressionDomain {
  static func check(_ bytes: [UInt8]) {
    let segments = bytes.split(separator: 0).map { Array($0) }
    let cache = GzipSegmentCache(maxBytes: 200, maxCount: 3)
    for _ in 0..<2 {
      guard let member = try? cache.member(of: segments) else { fatalError("zlib refuses") }
      require(gunzip(Array(member.joined())) == Array(segments.joined()), "gzip is undone")
      require(cache.usage.bytes <= 200 && cache.usage.count <= 3, "the cache is bounded")
    }
    let digester = SegmentDigester()
    require(digester.digest(of: bytes) == digester.digest(of: bytes), "digests are the same")
    require(digester.digest(of: bytes) != digester.digest(of: bytes + [0]), "but of other bytes")
  }
}
