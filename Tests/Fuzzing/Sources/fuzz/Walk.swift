/// Every beginning of a file, and every byte of it replaced: what a truncated or tampered message is.
struct Walk {
  private let domain: Domain
  private let reproducer: Reproducer
  /// The number of inputs that were run.
  private(set) var count = 0

  /// The time that a file's replaced bytes take grows with the square of its size.
  private static let longestReplaced = 1024

  /// - Parameter reproducer: Where the input lies on which the program ends, if it does.
  init(_ domain: Domain, reproducer: Reproducer) {
    self.domain = domain
    self.reproducer = reproducer
  }

  mutating func run(_ bytes: [UInt8]) {
    for length in 0...bytes.count { check(bytes[..<length]) }
    guard bytes.count <= Self.longestReplaced, !domain.isSlow else { return }
    for index in bytes.indices {
      for value in [0, 0xff, bytes[index] &+ 1, bytes[index] &- 4, bytes[index] ^ 0x80] {
        var changed = bytes
        changed[index] = value
        check(changed[...])
      }
    }
  }

  private mutating func check(_ bytes: ArraySlice<UInt8>) {
    reproducer.keep(bytes)
    unsafe withExactCopy(of: bytes) { unsafe domain.check($0) }
    count += 1
  }
}
