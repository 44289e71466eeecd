import Testing

@testable import HTTPEndpoint

@Suite struct SegmentDigestTests {
  private let digester = SegmentDigester()

  @Test func `the same bytes have the same digest`() {
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8($0) }
      #expect(digester.digest(of: bytes) == digester.digest(of: bytes + []))
    }
  }

  @Test func `any other bit makes another digest in both halves`() {
    let bytes = (0..<100).map { UInt8($0) }
    var high: Set<UInt64> = [digester.digest(of: bytes).high]
    var low: Set<UInt64> = [digester.digest(of: bytes).low]
    for bit in 0..<bytes.count * 8 {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      let digest = digester.digest(of: changed)
      high.insert(digest.high)
      low.insert(digest.low)
    }
    #expect(high.count == 801)
    #expect(low.count == 801)
  }

  @Test func `zeroes of another number have another digest`() {
    let digests = (0..<300).map { digester.digest(of: [UInt8](repeating: 0, count: $0)) }
    #expect(Set(digests.map(\.high)).count == 300)
    #expect(Set(digests.map(\.low)).count == 300)
  }

  @Test func `words that change places change the digest`() {
    let words = (0..<32).map { word in [UInt8](repeating: UInt8(word), count: 8) }
    var digests: Set<SegmentDigest> = [digester.digest(of: words.flatMap(\.self))]
    for first in 0..<32 {
      for second in first + 1..<32 {
        var swapped = words
        swapped.swapAt(first, second)
        digests.insert(digester.digest(of: swapped.flatMap(\.self)))
      }
    }
    #expect(digests.count == 32 * 31 / 2 + 1)
  }

  @Test func `another seed makes another digest`() {
    let bytes = [UInt8](repeating: 1, count: 50)
    #expect(digester.digest(of: bytes) != SegmentDigester().digest(of: bytes))
  }
}
