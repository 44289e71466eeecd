/// The path and the query of a request line.
///
/// Both forms a client may send are understood: `/metrics?name=a` and `http://host/metrics?name=a`.
/// Percent signs that escape nothing stand for themselves; bytes that are no UTF-8 are replaced.
struct RequestTarget {
  let path: String
  let query: [(name: String, value: String)]

  init(_ text: String) {
    let parts = Self.originForm(text[...]).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = Self.decode(parts[0], plusIsSpace: false)
    guard parts.count == 2 else {
      query = []
      return
    }
    query = parts[1].split(separator: "&").map { parameter in
      let sides = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        name: Self.decode(sides[0], plusIsSpace: true),
        value: sides.count == 2 ? Self.decode(sides[1], plusIsSpace: true) : ""
      )
    }
  }

  /// The target without scheme and authority.
  private static func originForm(_ text: Substring) -> Substring {
    for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
      let rest = text.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
      return rest.hasPrefix("/") ? rest : "/" + rest
    }
    return text
  }

  private static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(text)
    }
    var decoded: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let escaped = escapedByte(rest.prefix(2)) {
        decoded.append(escaped)
        rest = rest.dropFirst(2)
      } else if byte == UInt8(ascii: "+"), plusIsSpace {
        decoded.append(UInt8(ascii: " "))
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func escapedByte(_ digits: Substring.UTF8View) -> UInt8? {
    let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return values.count == 2 ? UInt8(values[0] << 4 | values[1]) : nil
  }
}
