/// The status line and the headers of an HTTP answer.
package struct ResponseHead: Sendable {
  enum Framing {
    case length(Int)
    case chunked
  }

  package let status: Int
  /// Where the body begins.
  let bodyStart: Int
  let framing: Framing
  /// The header lines, in lower case.
  private let lines: [Substring]

  /// Reads a head; `nil` as long as it has not arrived whole.
  init?(_ bytes: [UInt8]) {
    let blankLine = Array("\r\n\r\n".utf8)
    let limit = min(bytes.count, 4096)
    let ends = (0..<max(limit - 3, 0)).first { bytes[$0..<$0 + 4].elementsEqual(blankLine) }
    guard let ends else { return nil }
    let lines = String(decoding: bytes[..<ends], as: UTF8.self).lowercased()
      .split(separator: "\r\n")
    status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    bodyStart = ends + blankLine.count
    self.lines = Array(lines.dropFirst())
    framing =
      Self.value(of: "content-length", in: lines).flatMap { Int($0) }.map(Framing.length)
      ?? .chunked
  }

  /// A header's value in lower case; `nil` where there is no such header.
  ///
  /// - Parameter name: in lower case.
  package func header(_ name: String) -> String? {
    Self.value(of: name, in: lines)
  }

  private static func value(of name: String, in lines: [Substring]) -> String? {
    lines.first { $0.hasPrefix(name + ":") }
      .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
  }

  /// Whether `bytes`, which start with this head, hold the whole body.
  func isComplete(_ bytes: [UInt8]) -> Bool {
    switch framing {
    case .length(let length): bytes.count >= bodyStart + length
    case .chunked: bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8)
    }
  }
}
