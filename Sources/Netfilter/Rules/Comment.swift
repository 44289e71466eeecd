/// The text of a rule's `comment` match, byte for byte as it is stored: at most 255 bytes, and any
/// bytes, for whoever wrote the rule was not asked for UTF-8.
public struct Comment: Sendable, Hashable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  public init(_ text: String) { self.bytes = Array(text.utf8) }

  /// The comment as text; bytes that are not UTF-8 are replaced.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
