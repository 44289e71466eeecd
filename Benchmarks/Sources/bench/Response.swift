/// The part of an HTTP answer's head that says where the answer ends.
struct ResponseHead {
  enum Framing {
    case length(Int)
    case chunked
  }

  let status: Int
  let bodyStart: Int
  let framing: Framing

  /// Reads a head; `nil` as long as it has not arrived whole.
  init?(_ bytes: [UInt8]) {
    let blankLine = Array("\r\n\r\n".utf8)
    let limit = min(bytes.count, 4096)
    let ends = (0..<max(limit - 3, 0)).first { bytes[$0..<$0 + 4].elementsEqual(blankLine) }
    guard let ends else { return nil }
    let lines = String(decoding: bytes[..<ends], as: UTF8.self).lowercased()
      .split(separator: "\r\n")
    let length = lines.first { $0.hasPrefix("content-length:") }?
      .drop { $0 != ":" }.dropFirst().drop { $0 == " " }
    status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    framing = length.flatMap { Int($0) }.map(Framing.length) ?? .chunked
    bodyStart = ends + blankLine.count
  }

  /// Whether `bytes`, which start with this head, hold the whole body.
  func isComplete(_ bytes: [UInt8]) -> Bool {
    switch framing {
    case .length(let length): bytes.count >= bodyStart + length
    case .chunked: bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8)
    }
  }
}

/// A whole HTTP answer, as it came over the wire.
struct Response {
  let head: ResponseHead
  let bytes: [UInt8]

  /// The body's size, with the framing of chunks where there are any.
  var bodySize: Int { bytes.count - head.bodyStart }

  /// How many samples of a metric the answer holds.
  ///
  /// A line that the end of a chunk cuts in two may be missed; the caller allows for it.
  func samples(of metric: String) -> Int {
    let start = Array("\n\(metric){".utf8)
    var count = 0
    for index in bytes.indices where bytes[index] == start[0] {
      if bytes[index...].starts(with: start) {
        count += 1
      }
    }
    return count
  }
}
