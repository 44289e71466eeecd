/// A service port's name in the way that kube-proxy wrote it: as `namespace/name:port`, or where the
/// port has no name, as `namespace/name` or `namespace/name:`.
struct WrittenName: Sendable, Hashable {
  /// Twice the index of the service port, and 1 where a colon is at the end.
  let code: Int32

  init(code: Int32) { self.code = code }

  init(service: Int32, endsInColon: Bool) { code = service << 1 | (endsInColon ? 1 : 0) }

  var service: Int32 { code >> 1 }
  /// Whether it ends in a colon: up to version 1.19, an unnamed port's does.
  var endsInColon: Bool { code & 1 != 0 }
}

extension ServicePort {
  /// Appends the name as kube-proxy wrote it.
  func appendName(endsInColon: Bool, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: namespace.utf8)
    bytes.append(UInt8(ascii: "/"))
    bytes.append(contentsOf: name.utf8)
    if endsInColon || !port.isEmpty { bytes.append(UInt8(ascii: ":")) }
    bytes.append(contentsOf: port.utf8)
  }

  /// Whether the comment begins with the name, written that way.
  func isNamed(by comment: Span<UInt8>, endsInColon: Bool) -> Bool {
    var end = 0
    guard Self.skip(namespace, of: comment, &end),
      Self.skip(UInt8(ascii: "/"), of: comment, &end), Self.skip(name, of: comment, &end),
      !endsInColon && port.isEmpty || Self.skip(UInt8(ascii: ":"), of: comment, &end),
      Self.skip(port, of: comment, &end)
    else { return false }
    return end == comment.count || comment[end] == UInt8(ascii: " ")
  }

  private static func skip(_ text: String, of comment: Span<UInt8>, _ position: inout Int) -> Bool {
    guard comment.extracting(position...).begins(with: text) else { return false }
    position += text.utf8.count
    return true
  }

  private static func skip(_ byte: UInt8, of comment: Span<UInt8>, _ position: inout Int) -> Bool {
    guard position < comment.count, comment[position] == byte else { return false }
    position += 1
    return true
  }
}
