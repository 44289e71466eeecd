internal import Platform

/// What is wrong with a line of a saved file, before it is known which line.
struct Malformation: Error {
  let cause: String

  init(_ cause: String) { self.cause = cause }

  /// The error as the reader's caller sees it: with the line's number, counted from 1, and as much
  /// of its text as is fit to be shown.
  func located(at number: Int, in line: ArraySlice<UInt8>) -> ReadingError {
    ReadingError(
      operation: .parseLine(number: number, text: line.printable(atMost: 200)), cause: cause)
  }
}

extension ArraySlice<UInt8> {
  /// The first `limit` bytes as one line of text; what is not UTF-8 or not printable is replaced.
  func printable(atMost limit: Int) -> String {
    var text = ""
    for scalar in String(decoding: prefix(limit), as: UTF8.self).unicodeScalars {
      text.unicodeScalars.append(scalar.isHidden ? "\u{FFFD}" : scalar)
    }
    return count > limit ? text + "…" : text
  }
}
