import Testing

@testable import Console

@Suite("Text for a terminal")
struct TerminalWriterTests {
  @Test(
    "What a terminal would obey, and what can't be seen, is written out",
    arguments: [
      ("plain", "plain"), ("käse 🧀", "käse 🧀"), ("\u{1b}[2J", "\\x1b[2J"),
      ("a\nb\r\t\0", "a\\x0ab\\x0d\\x09\\x00"), ("\u{7f}", "\\x7f"), ("\u{9b}31m", "\\u{9b}31m"),
      ("\u{202e}evil", "\\u{202e}evil"),
    ])
  func escaping(_ text: String, _ expected: String) {
    var writer = TerminalWriter(isColoured: true)
    writer.write(text)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
  }

  @Test(
    "Bytes that are not UTF-8 are written out",
    arguments: [
      ([0x61, 0xff, 0x62], "a\\xffb"), ([0xc3], "\\xc3"), ([0xc0, 0xaf], "\\xc0\\xaf"),
      ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"), ([0xe2, 0x82, 0x41], "\\xe2\\x82A"),
    ] as [([UInt8], String)])
  func invalidText(_ text: [UInt8], _ expected: String) {
    #expect(TerminalWriter.escaped(text) == expected)
  }

  @Test("Emphasis shows only where there are colours")
  func emphasis() {
    var plain = TerminalWriter(isColoured: false)
    var coloured = TerminalWriter(isColoured: true)
    plain.line("gone", .bad)
    coloured.line("gone", .bad)
    #expect(String(decoding: plain.bytes, as: UTF8.self) == "gone\n")
    #expect(String(decoding: coloured.bytes, as: UTF8.self) == "\u{1b}[31mgone\u{1b}[0m\n")
  }

  @Test(
    "NO_COLOR, and a terminal that can't, keep colours out",
    arguments: [
      (["TERM": "xterm"], true), (["TERM": "xterm", "NO_COLOR": ""], true),
      (["TERM": "xterm", "NO_COLOR": "1"], false), (["TERM": "dumb"], false), ([:], false),
    ])
  func colours(_ environment: [String: String], _ expected: Bool) {
    #expect(TerminalWriter.allowsColours { environment[$0] } == expected)
  }
}
