internal import Netfilter

extension Extension {
  /// Matches of what a packet holds, programs that look at it, and what is said of a rule.
  static var contents: [Extension] {
    [
      Extension("comment", size: 256, Option("--comment", .quoted(0, size: 256))),
      Extension(
        "string", 1...1, size: 160,
        Option(writePattern),
        Option("--algo", .text(4, size: 16)),
        Option("--from", .number(.u16(0)), if: .nonzero(.u16(0))),
        Option("--to", .number(.u16(2)), if: .differs(.u16(2), from: 0xffff)),
        Option("--icase", bit: 2, at: 149)),
      Extension("u32", size: 1984, writeWords),
      Extension("bpf", size: 528) { info, line in
        if info.u16(0) == 0 { line.fail() }
        writeProgram(info, count: info.u16(0), at: 4, to: &line)
      },
      // `struct xt_bpf_info_v1`: a program, or the path of one.
      Extension("bpf", 1...1, size: 528) { info, line in
        switch info.u16(0) {
        case 0: writeProgram(info, count: info.u16(2), at: 8, to: &line)
        case 1:
          line.option("--object-pinned")
          line.word(info, text: 8, size: 512)
        default: line.fail()
        }
      },
    ]
  }

  /// Hexadecimal where a byte isn't printable, or the last one is a `\`.
  private static func writePattern(_ info: Span<UInt8>, to line: inout LineWriter) {
    let count = Int(info.byte(148))
    guard 1...128 ~= count else { return line.fail() }
    let isInverted = info.has(1, at: 149)
    let range = 20..<20 + count
    let isText = range.allSatisfy { 0x20..<0x7f ~= info.byte($0) }
    if isText, info.byte(range.upperBound - 1) != UInt8(ascii: "\\") {
      line.option("--string", inverted: isInverted)
      line.append(" ")
      return line.quoted(info.extracting(range), escapingApostrophes: false)
    }
    line.option("--hex-string", inverted: isInverted)
    line.append(" \"|")
    for offset in range { line.append(hexadecimal: info.u8(offset), digits: 2) }
    line.append("|\"")
  }

  /// `struct xt_u32`: 11 tests of 180 bytes, their number, inversion. A test has 11 places, 11 ranges
  /// of values, and the numbers of both.
  private static func writeWords(_ info: Span<UInt8>, to line: inout LineWriter) {
    let count = Int(info.byte(1980))
    if count > 11 { return line.fail() }
    line.option("--u32", inverted: info.byte(1981) != 0)
    line.append(" \"")
    for test in 0..<count {
      if test > 0 { line.append("&&") }
      writeTest(info.extracting(180 * test..<180 * (test + 1)), to: &line)
    }
    line.append("\"")
  }

  private static func writeTest(_ test: Span<UInt8>, to line: inout LineWriter) {
    let (places, values) = (Int(test.byte(176)), Int(test.byte(177)))
    if places > 11 || values > 11 { return line.fail() }
    func writeNumber(_ offset: Int, to line: inout LineWriter) {
      line.append("0x")
      line.append(hexadecimal: test.u32(offset))
    }
    writeNumber(0, to: &line)
    for place in 1..<max(1, places) {
      let operators: [StaticString] = ["&", "<<", ">>", "@"]
      let index = Int(test.byte(8 * place + 4))
      if index > 3 { return line.fail() }
      line.append(operators[index])
      writeNumber(8 * place, to: &line)
    }
    for value in 0..<values {
      line.append(value == 0 ? "=" : ",")
      writeNumber(88 + 8 * value, to: &line)
      if test.u32(88 + 8 * value) == test.u32(92 + 8 * value) { continue }
      line.append(":")
      writeNumber(92 + 8 * value, to: &line)
    }
    if values == 0 { line.append("=") }
  }

  /// A program of at most 64 instructions.
  private static func writeProgram(
    _ info: Span<UInt8>, count: UInt64, at offset: Int, to line: inout LineWriter
  ) {
    if count > 64 { return line.fail() }
    line.option("--bytecode")
    line.append(" \"")
    line.append(number: count)
    for start in (0..<Int(count)).map({ offset + 8 * $0 }) {
      line.append(",")
      line.append(number: info.u16(start))
      line.word(number: info.u8(start + 2))
      line.word(number: info.u8(start + 3))
      line.word(number: info.u32(start + 4))
    }
    line.append("\"")
  }
}
