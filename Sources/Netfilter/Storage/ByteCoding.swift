/// Appends values to bytes; integers in the fewest bytes that hold them, 7 bits in each.
struct ByteWriter {
  /// What was written; bytes to go on with are swapped in, so that they aren't copied.
  var bytes: [UInt8] = []

  mutating func write(_ byte: UInt8) { bytes.append(byte) }

  mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  @inline(__always)
  mutating func write(_ value: some FixedWidthInteger & UnsignedInteger) {
    var rest = UInt64(value)
    while rest > 0x7f {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func write(_ blob: [UInt8]) {
    write(UInt64(blob.count))
    bytes.append(contentsOf: blob)
  }

  mutating func write(_ name: ChainName) {
    let count = name.count
    write(UInt64(count))
    for index in 0..<count { bytes.append(name.byte(at: index)) }
  }

  /// Writes what `write` does, preceded by the number of its bytes.
  @inline(__always)
  mutating func writeCounted(_ write: (inout ByteWriter) -> Void) {
    let start = bytes.count
    bytes.append(0)
    write(&self)
    let count = bytes.count - start - 1
    if count < 0x80 {
      bytes[start] = UInt8(count)
      return
    }
    var length = ByteWriter()
    length.write(UInt64(count))
    bytes.replaceSubrange(start...start, with: length.bytes)
  }

  mutating func write(_ address: IPAddress) {
    write(address.family == .ipv6)
    write(address.high.byteSwapped)
    if address.family == .ipv6 { write(address.low.byteSwapped) }
  }

  mutating func write(_ ports: PortRange) {
    write(UInt64(ports.first) << 17 | UInt64(ports.last) << 1 | (ports.inverted ? 1 : 0))
  }
}

/// Takes apart what ``ByteWriter`` wrote, and nothing else: bytes never come here from outside.
struct ByteReader {
  private let bytes: [UInt8]
  private(set) var position: Int

  init(_ bytes: [UInt8], at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  mutating func byte() -> UInt8 {
    defer { position += 1 }
    return bytes[position]
  }

  mutating func flag() -> Bool { byte() != 0 }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = byte()
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return Value(truncatingIfNeeded: value) }
      shift += 7
    }
  }

  mutating func blob() -> [UInt8] {
    let count: Int = integer()
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func skipBlob() {
    let count: Int = integer()
    position += count
  }

  mutating func address() -> IPAddress {
    let isIPv6 = flag()
    let high = integer(UInt64.self).byteSwapped
    guard isIPv6 else { return IPAddress(ipv4: UInt32(truncatingIfNeeded: high >> 32)) }
    return IPAddress(ipv6High: high, low: integer(UInt64.self).byteSwapped)
  }

  mutating func ports() -> PortRange {
    let value: UInt64 = integer()
    return PortRange(
      first: UInt16(truncatingIfNeeded: value >> 17),
      last: UInt16(truncatingIfNeeded: value >> 1), inverted: value & 1 == 1)
  }

  mutating func comment() -> ByteString { ByteString(bytes: blob()) }

  mutating func unrecognised() -> Unrecognised {
    Unrecognised(
      name: String(decoding: blob(), as: UTF8.self), revision: byte(), payload: blob())
  }
}

extension ByteWriter {
  mutating func write(_ comment: ByteString) { write(comment.bytes) }

  mutating func write(_ unrecognised: Unrecognised) {
    write(Array(unrecognised.name.utf8))
    write(unrecognised.revision)
    write(unrecognised.payload)
  }
}
