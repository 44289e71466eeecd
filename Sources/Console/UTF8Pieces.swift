/// Takes bytes apart into characters, and the bytes that belong to none.
struct UTF8Pieces: Sequence, IteratorProtocol {
  enum Piece: Hashable {
    case scalar(Unicode.Scalar)
    case byte(UInt8)
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Piece? {
    guard position < bytes.count else { return nil }
    let first = bytes[position]
    let length =
      switch first {
      case 0..<0x80: 1
      case 0xc2..<0xe0: 2
      case 0xe0..<0xf0: 3
      case 0xf0..<0xf5: 4
      default: 0
      }
    if length > 0, position + length <= bytes.count,
      let text = String(validating: bytes[position..<position + length], as: UTF8.self),
      let scalar = text.unicodeScalars.first
    {
      position += length
      return .scalar(scalar)
    }
    position += 1
    return .byte(first)
  }
}
