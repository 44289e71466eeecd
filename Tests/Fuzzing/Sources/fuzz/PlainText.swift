/// Judges what is printed: a terminal must not obey anything in it, nor hide any of it.
enum PlainText {
  static func check(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      fatalError("does not hold: what is printed is UTF-8")
    }
    for scalar in text.unicodeScalars where scalar != "\n" {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
        fatalError("does not hold: U+\(String(scalar.value, radix: 16)) is not printed as it is")
      default: continue
      }
    }
    require(bytes.isEmpty || bytes.last == 0x0a, "the last line ends")
  }

  /// The lines, without what ends them.
  static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    check(bytes)
    return bytes.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast()
  }
}
