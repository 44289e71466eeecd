/// A whole HTTP answer, as it came over the wire.
package struct Response: Sendable {
  package let head: ResponseHead
  let bytes: [UInt8]

  /// The size of the body on the wire, with the framing of chunks where there are any.
  package var wireSize: Int { bytes.count - head.bodyStart }

  /// The body without any framing; compressed where the exporter compressed it.
  ///
  /// - Throws: `HarnessError` where the chunks are not well-formed.
  package var body: [UInt8] {
    get throws {
      switch head.framing {
      case .length(let length): Array(bytes[head.bodyStart..<head.bodyStart + length])
      case .chunked: try joinedChunks()
      }
    }
  }

  /// The values of a metric's samples whose label sets contain a text, such as `change="added"`.
  ///
  /// For bodies that are not compressed.
  package func values(of metric: String, where label: String = "") throws -> [Double] {
    let start = Array("\(metric){".utf8)
    return try body.split(separator: UInt8(ascii: "\n"))
      .filter { $0.starts(with: start) }
      .map { String(decoding: $0, as: UTF8.self) }
      .filter { label.isEmpty || $0.contains(label) }
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
  }

  private func joinedChunks() throws -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(bytes.count)
    var rest = bytes[head.bodyStart...]
    while true {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\r")),
        let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16),
        rest.endIndex - end >= size + 4
      else { throw HarnessError("a chunk of the body is not well-formed") }
      guard size > 0 else { return body }
      body += rest[end + 2..<end + 2 + size]
      rest = rest[(end + size + 4)...]
    }
  }
}
