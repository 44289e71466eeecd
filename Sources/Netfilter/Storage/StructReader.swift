/// The fields of a kernel's struct, by their offsets.
///
/// A field that doesn't lie within is zero, or empty.
struct StructReader {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Nil unless that is the struct's size, or the same rounded up as `XT_ALIGN` does.
  init?(_ bytes: [UInt8], size: Int) {
    guard bytes.count == size || bytes.count == (size + 7) & ~7 else { return nil }
    self.bytes = bytes
  }

  func byte(at offset: Int) -> UInt8 {
    bytes.indices.contains(offset) ? bytes[offset] : 0
  }

  /// A number in the machine's order.
  func integer<Integer: FixedWidthInteger & UnsignedInteger>(
    _ type: Integer.Type = Integer.self, at offset: Int
  ) -> Integer {
    Integer(littleEndian: assembled(at: offset))
  }

  /// A number in network order.
  func bigEndian<Integer: FixedWidthInteger & UnsignedInteger>(
    _ type: Integer.Type = Integer.self, at offset: Int
  ) -> Integer {
    Integer(bigEndian: Integer(littleEndian: assembled(at: offset)))
  }

  /// An address in network order: the first four bytes of `union nf_inet_addr`, or all of it.
  func address(_ family: IPFamily, at offset: Int) -> IPAddress {
    switch family {
    case .ipv4: IPAddress(ipv4: bigEndian(at: offset))
    case .ipv6: IPAddress(ipv6High: bigEndian(at: offset), low: bigEndian(at: offset + 8))
    }
  }

  /// The bytes of a field that has `size` of them.
  func bytes(at offset: Int, size: Int) -> [UInt8] { (0..<size).map { byte(at: offset + $0) } }

  /// A C string in a field of that size: what stands before the first zero byte.
  func string(at offset: Int, size: Int) -> [UInt8] {
    Array(bytes(at: offset, size: size).prefix { $0 != 0 })
  }

  /// The number whose bytes in little-endian order stand there.
  private func assembled<Integer: FixedWidthInteger & UnsignedInteger>(
    at offset: Int
  ) -> Integer {
    (0..<Integer.bitWidth / 8).reduce(0) { $0 | Integer(byte(at: offset + $1)) << (8 * $1) }
  }
}
