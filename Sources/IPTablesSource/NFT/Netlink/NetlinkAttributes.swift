/// The attributes in a run of bytes: a header with length and type, the payload, and padding to four
/// bytes. It ends at the first one that doesn't lie within the bytes.
///
/// C counterpart: `struct nlattr`, `mnl_attr_for_each_payload`.
@safe struct NetlinkAttributes: Sequence, IteratorProtocol {
  struct Attribute {
    /// Without the flags that say that it is nested, or in network order.
    let type: Int
    let payload: KernelBytes
  }

  private let bytes: KernelBytes
  private var offset = 0

  init(_ bytes: KernelBytes) { self.bytes = bytes }

  @inline(__always)
  mutating func next() -> Attribute? {
    guard let length = bytes.load(UInt16.self, at: offset).map(Int.init),
      let type = bytes.load(UInt16.self, at: offset + 2), length >= Self.headerSize,
      let payload = bytes.slice(at: offset + Self.headerSize, count: length - Self.headerSize)
    else { return nil }
    offset += (length + 3) & ~3
    return Attribute(type: Int(type & Self.typeMask), payload: payload)
  }

  private static let headerSize = 4
  private static let typeMask: UInt16 = 0x3fff
}
