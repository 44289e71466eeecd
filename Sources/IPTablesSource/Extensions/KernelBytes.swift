private import Glibc
internal import Netfilter

/// Bytes that the kernel wrote. No reading goes beyond their end.
@safe struct KernelBytes {
  private let buffer: UnsafeRawBufferPointer

  init(_ buffer: UnsafeRawBufferPointer) { unsafe self.buffer = buffer }

  /// The bytes of a C string, without the zero that ends it.
  init(cString: UnsafePointer<CChar>) {
    unsafe self.init(UnsafeRawBufferPointer(start: cString, count: strlen(cString)))
  }

  /// No bytes.
  static var empty: KernelBytes {
    unsafe KernelBytes(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  var count: Int { unsafe buffer.count }

  /// Returns the number at `offset`, aligned or not; nil where it doesn't lie within the bytes.
  @inline(__always)
  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _: Value.Type = Value.self, at offset: Int = 0
  ) -> Value? {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
    return unsafe buffer.loadUnaligned(fromByteOffset: offset, as: Value.self)
  }

  /// Returns the address at `offset`; nil where it doesn't lie within the bytes.
  func address(_ family: IPFamily, at offset: Int) -> IPAddress? {
    switch family {
    case .ipv4:
      return loadBigEndian(UInt32.self, at: offset).map { IPAddress(ipv4: $0) }
    case .ipv6:
      guard let high = loadBigEndian(UInt64.self, at: offset),
        let low = loadBigEndian(UInt64.self, at: offset + 8)
      else { return nil }
      return IPAddress(ipv6High: high, low: low)
    }
  }

  /// Returns the number in network order at `offset`.
  @inline(__always)
  func loadBigEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    _: Value.Type = Value.self, at offset: Int
  ) -> Value? {
    load(Value.self, at: offset).map { Value(bigEndian: $0) }
  }

  /// Calls `body` with the bytes.
  func withSpan(_ body: (Span<UInt8>) -> Void) {
    unsafe body(Span(_unsafeElements: buffer.assumingMemoryBound(to: UInt8.self)))
  }

  /// The bytes up to the first zero.
  var text: KernelBytes { slice(at: 0, count: textCount) ?? .empty }

  /// The number of bytes up to the first zero.
  var textCount: Int {
    guard let start = unsafe buffer.baseAddress, let end = unsafe memchr(start, 0, count) else {
      return count
    }
    return unsafe UnsafeRawPointer(end) - start
  }

  /// The text up to the first zero. Bytes that are not UTF-8 are replaced.
  var string: String {
    unsafe String(decoding: buffer[..<textCount], as: UTF8.self)
  }

  /// The bytes up to the first zero, as a chain's name; nil where that is too long.
  var chainName: ChainName? {
    let count = textCount
    guard count <= ChainName.maximumLength else { return nil }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    unsafe withUnsafeMutableBytes(of: &words) { bytes in
      unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    return ChainName(bigEndianWords: words)
  }

  /// The first eight bytes in network order. Zeros stand for missing bytes.
  @inline(__always)
  var leadingWord: UInt64 {
    if let word = loadBigEndian(UInt64.self, at: 0) { return word }
    if let first = loadBigEndian(UInt32.self, at: 0),
      let last = loadBigEndian(UInt32.self, at: count - 4)
    {
      // The two overlap.
      return UInt64(first) << 32 | UInt64(last) << UInt64(64 - 8 * count)
    }
    var word: UInt64 = 0
    for offset in 0..<count {
      word |= UInt64(load(UInt8.self, at: offset) ?? 0) << UInt64(56 - 8 * offset)
    }
    return word
  }

  /// Adds a part of the bytes to a digest. A part that doesn't lie within them adds nothing.
  @inline(__always)
  func combine(_ range: Range<Int>, into hasher: inout ContentHasher) {
    guard let part = slice(at: range.lowerBound, count: range.count) else { return }
    if let start = unsafe part.buffer.baseAddress {
      unsafe hasher.combine(start, count: part.count)
    } else {
      // All empty parts have the same digest.
      hasher.combine(0, 0)
    }
  }

  /// Returns a part of the bytes; nil where it doesn't lie within them.
  @inline(__always)
  func slice(at offset: Int, count: Int) -> KernelBytes? {
    guard offset >= 0, count >= 0, offset <= self.count - count else { return nil }
    return unsafe KernelBytes(
      UnsafeRawBufferPointer(start: buffer.baseAddress.map { unsafe $0 + offset }, count: count))
  }

  /// A copy of the bytes.
  var array: [UInt8] { unsafe Array(buffer) }
}
