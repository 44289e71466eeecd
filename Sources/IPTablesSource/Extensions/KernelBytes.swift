internal import Netfilter

/// A run of bytes that the kernel wrote, read within its bounds only.
@safe struct KernelBytes {
  private let buffer: UnsafeRawBufferPointer

  init(_ buffer: UnsafeRawBufferPointer) { unsafe self.buffer = buffer }

  var count: Int { unsafe buffer.count }

  /// The value of a C type at `offset`, aligned or not; nil where it doesn't lie within the bytes.
  ///
  /// `Value` must be a C type: any bytes are one. (A union makes a C type not `BitwiseCopyable`.)
  func load<Value>(_: Value.Type = Value.self, at offset: Int = 0) -> Value? {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
    return unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { value in
      let size = MemoryLayout<Value>.size
      unsafe UnsafeMutableRawBufferPointer(value)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + size]))
      return unsafe value[0]
    }
  }

  /// An address of the family at `offset`; nil where it doesn't lie within.
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

  /// A value in network order.
  func loadBigEndian<Value: FixedWidthInteger>(
    _: Value.Type = Value.self, at offset: Int
  ) -> Value? {
    load(Value.self, at: offset).map { Value(bigEndian: $0) }
  }

  /// The bytes of a field of `size`, up to its first zero; nil where the field doesn't lie within.
  func text(at offset: Int, size: Int) -> [UInt8]? {
    guard let field = slice(at: offset, count: size) else { return nil }
    return unsafe Array(field.buffer.prefix { $0 != 0 })
  }

  /// A part of the bytes; nil where it doesn't lie within.
  func slice(at offset: Int, count: Int) -> KernelBytes? {
    guard offset >= 0, count >= 0, offset <= self.count - count else { return nil }
    return unsafe KernelBytes(UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count]))
  }

  /// A copy of all of them.
  var array: [UInt8] { unsafe Array(buffer) }
}
