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

extension MatchText {
  /// Source and destination ports, where the flags ask for them.
  ///
  /// C counterparts: the beginning of `struct xt_sctp_info` and `struct xt_dccp_info`.
  static func writePorts(
    _ info: StructReader, flags: UInt8, inverted: UInt8, to line: inout RuleLine
  ) {
    let ports: [(option: String, bit: UInt8, offset: Int)] = [("--sport", 1, 4), ("--dport", 2, 0)]
    for side in ports where flags & side.bit != 0 {
      line.range(
        side.option, info.integer(UInt16.self, at: side.offset),
        info.integer(UInt16.self, at: side.offset + 2), inverted: inverted & side.bit != 0)
    }
  }
}
