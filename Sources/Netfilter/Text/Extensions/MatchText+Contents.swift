/// Matches of what a packet holds, and programs that look at it.
extension MatchText {
  /// `struct xt_string_info`: hexadecimal where a byte isn't printable, or the last one is a `\`.
  static let string = MatchText(size: 160, where: { 1...128 ~= $0.byte(at: 148) }) { info, line in
    let pattern = info.bytes(at: 20, size: Int(info.byte(at: 148)))
    let inverted = info.has(1, at: 149)
    if pattern.last == UInt8(ascii: "\\") || !pattern.allSatisfy({ 0x20..<0x7f ~= $0 }) {
      let digits = pattern.map { $0.digits(2) }.joined()
      line.option("--hex-string", "\"|\(digits)|\"", inverted: inverted)
    } else {
      line.option("--string", inverted: inverted)
      line.append(" \"")
      for byte in pattern {
        if "\"\\".utf8.contains(byte) { line.append("\\") }
        line.append([byte])
      }
      line.append("\"")
    }
    line.option("--algo")
    line.word(info.string(at: 4, size: 16))
    let (first, last): (UInt16, UInt16) = (info.integer(at: 0), info.integer(at: 2))
    if first != 0 { line.option("--from", "\(first)") }
    if last != .max { line.option("--to", "\(last)") }
    if info.has(2, at: 149) { line.option("--icase") }
  }

  /// `struct xt_u32`: 11 tests of 180 bytes, their number, inversion. A test has 11 places, 11 ranges
  /// of values, and the numbers of both.
  static let words = MatchText(
    size: 1984,
    where: { info in
      info.byte(at: 1980) <= 11
        && (0..<11).allSatisfy { test in
          let counts = [176, 177].map { info.byte(at: 180 * test + $0) }
          return counts.allSatisfy { $0 <= 11 }
            && (1..<11).allSatisfy { info.byte(at: 180 * test + 8 * $0 + 4) < 4 }
        }
    }
  ) { info, line in
    let tests = (0..<Int(info.byte(at: 1980))).map { wordTest(info, at: 180 * $0) }
    line.option(
      "--u32", "\"\(tests.joined(separator: "&&"))\"", inverted: info.byte(at: 1981) != 0)
  }

  private static func wordTest(_ info: StructReader, at start: Int) -> String {
    func number(_ offset: Int) -> String {
      info.integer(UInt32.self, at: start + offset).hexadecimal
    }
    let operators = ["&", "<<", ">>", "@"]
    var text = number(0)
    for place in 1..<max(1, Int(info.byte(at: start + 176))) {
      text += operators[Int(info.byte(at: start + 8 * place + 4) & 3)] + number(8 * place)
    }
    let values = (0..<Int(info.byte(at: start + 177))).map { index in
      let (first, last) = (number(88 + 8 * index), number(92 + 8 * index))
      return first == last ? first : "\(first):\(last)"
    }
    return text + "=" + values.joined(separator: ",")
  }

  /// `struct xt_bpf_info`.
  static let bpfProgram = MatchText(
    size: 528, where: { 1...64 ~= $0.integer(UInt16.self, at: 0) }
  ) { info, line in
    writeProgram(info, count: info.integer(at: 0), at: 4, to: &line)
  }

  /// `struct xt_bpf_info_v1`: a program of at most 64 instructions, or the path of one.
  static let bpf = MatchText(
    size: 528, where: { $0.integer(UInt16.self, at: 0) < 2 && $0.integer(UInt16.self, at: 2) <= 64 }
  ) { info, line in
    if info.integer(UInt16.self, at: 0) == 1 {
      line.option("--object-pinned")
      return line.word(info.string(at: 8, size: 512))
    }
    writeProgram(info, count: info.integer(at: 2), at: 8, to: &line)
  }

  private static func writeProgram(
    _ info: StructReader, count: UInt16, at offset: Int, to line: inout RuleLine
  ) {
    let instructions = (0..<Int(count)).map { index in
      let start = offset + 8 * index
      return "\(info.integer(UInt16.self, at: start)) \(info.byte(at: start + 2)) "
        + "\(info.byte(at: start + 3)) \(info.integer(UInt32.self, at: start + 4))"
    }
    line.option("--bytecode", "\"\(([String(count)] + instructions).joined(separator: ","))\"")
  }
}
