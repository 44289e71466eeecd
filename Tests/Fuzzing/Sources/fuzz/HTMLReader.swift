/// Judges a page: only the elements that the exporter writes, nothing hidden, UTF-8.
enum HTMLReader {
  private static let elements = Set(
    """
    a b bdi body button code dd details div dl dt form h1 h2 h3 head header html input label li main
    meta nav p section small span strong style summary table tbody td th thead time title tr ul
    """.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) })

  static func check(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { fatalError("a page is UTF-8") }
    require(bytes.allSatisfy { $0 >= 0x20 || $0 == 0x0a }, "a page has no control characters")
    require(text.hasPrefix("<!DOCTYPE html>"), "a page says what it is")
    for part in bytes.split(separator: UInt8(ascii: "<")).dropFirst() {
      let name = part.drop { $0 == UInt8(ascii: "/") }.prefix(while: isNameByte)
      require(elements.contains(Array(name)), "<\(String(decoding: part, as: UTF8.self)) is ours")
      require(part.contains(UInt8(ascii: ">")), "a tag ends")
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }
}
