/// How a match's options are written that the kernel keeps in a struct of `size` bytes.
struct MatchText: Sendable {
  let size: Int
  /// Whether the struct holds what can be written.
  let isKnown: @Sendable (StructReader) -> Bool
  let write: @Sendable (StructReader, inout RuleLine) -> Void

  init(
    size: Int, where isKnown: @escaping @Sendable (StructReader) -> Bool = { _ in true },
    write: @escaping @Sendable (StructReader, inout RuleLine) -> Void
  ) {
    self.size = size
    self.isKnown = isKnown
    self.write = write
  }
}

extension StructReader {
  /// Whether one of the bits is set in the byte at `offset`.
  func has(_ bits: UInt8, at offset: Int) -> Bool { byte(at: offset) & bits != 0 }
}

extension RuleLine {
  /// Appends an option with a number, or with both ends of a range.
  mutating func range(
    _ name: String, _ first: some UnsignedInteger, _ last: some UnsignedInteger,
    separator: String = ":", inverted: Bool
  ) {
    let end = first == last ? "" : "\(separator)\(last)"
    option(name, "\(first)\(end)", inverted: inverted)
  }
}

extension UInt8 {
  /// As `%02x` has it.
  var twoDigits: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
