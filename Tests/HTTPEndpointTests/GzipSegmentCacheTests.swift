import TestSupport
import Testing

@testable import HTTPEndpoint

@Suite struct GzipSegmentCacheTests {
  private func cache(maxBytes: Int = 1 << 20, maxCount: Int = 100) -> GzipSegmentCache {
    GzipSegmentCache(maxBytes: maxBytes, maxCount: maxCount)
  }

  private func segment(_ seed: Int, count: Int) -> [UInt8] {
    var generator = SplitMix64(seed: UInt64(seed))
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() % 20 + 65) }
  }

  private func decodes(_ member: [[UInt8]], to segments: [[UInt8]]) -> Bool {
    gunzip(member.flatMap(\.self)) == segments.flatMap(\.self)
  }

  @Test(arguments: [
    [], [0], [1], [0, 5, 0], [100, 200, 300], [65_536, 65_535, 65_537], [1_000_000, 7, 3_000_000],
  ])
  func `what is compressed decodes to the segments`(counts: [Int]) throws {
    let cache = cache()
    let segments = counts.enumerated().map { segment($0.offset, count: $0.element) }
    let member = try cache.member(of: segments)
    #expect(decodes(member, to: segments))
  }

  @Test func `incompressible segments survive`() throws {
    var generator = SplitMix64(seed: 1)
    let segments = [300_000, 65_536, 1].map { count in
      (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
    let member = try cache().member(of: segments)
    #expect(decodes(member, to: segments))
  }

  @Test func `what comes from the cache is what came without it`() throws {
    let cache = cache()
    let segments = (1...5).map { segment($0, count: 10_000 * $0) }
    let first = try cache.member(of: segments)
    let second = try cache.member(of: segments)
    let fresh = try self.cache().member(of: segments)
    let isSame = first == second && first == fresh
    #expect(isSame)
    #expect(cache.usage.count == 5)
  }

  @Test func `a segment is known again in another place`() throws {
    let cache = cache()
    let segments = (1...4).map { segment($0, count: 5_000) }
    _ = try cache.member(of: segments)
    let turned = Array(segments.reversed()) + [segments[0]]
    let member = try cache.member(of: turned)
    #expect(decodes(member, to: turned))
    #expect(cache.usage.count == 4)
  }

  @Test func `the piece least recently used goes when there are too many`() throws {
    let cache = cache(maxCount: 3)
    // Of sizes by which one can tell what is in the cache.
    let segments = (0..<4).map { segment($0, count: 1_000 << $0) }
    let sizes = try segments.map { segment in
      let cache = self.cache()
      _ = try cache.member(of: [segment])
      return cache.usage.bytes
    }
    _ = try cache.member(of: [segments[0], segments[1], segments[2]])
    _ = try cache.member(of: [segments[0]])
    _ = try cache.member(of: [segments[3]])
    #expect(cache.usage.count == 3)
    #expect(Set(sizes).count == 4)
    #expect(cache.usage.bytes == sizes[0] + sizes[2] + sizes[3])
  }

  @Test func `the cache stays within its bytes`() throws {
    let cache = cache(maxBytes: 20_000)
    for round in 0..<20 {
      let segments = (0..<10).map { segment(round * 5 + $0, count: 3_000) }
      let member = try cache.member(of: segments)
      #expect(decodes(member, to: segments))
      #expect(cache.usage.bytes <= 20_000)
    }
    #expect(cache.usage.count > 5)
    _ = try cache.member(of: [segment(0, count: 100_000)])
    #expect(cache.usage.count > 5)
  }
}
