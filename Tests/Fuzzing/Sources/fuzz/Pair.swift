/// An input that is two.
enum Pair {
  /// What stands before the first line that is `%`, and what stands behind it; where there is none,
  /// both are the input.
  static func split(_ bytes: [UInt8]) -> ([UInt8], [UInt8]) {
    let separator = Array("\n%\n".utf8)
    guard let range = bytes.firstRange(of: separator) else { return (bytes, bytes) }
    return (Array(bytes[..<range.lowerBound]), Array(bytes[range.upperBound...]))
  }
}
