/// A text in a rule, byte for byte as it is stored: a comment, the name of an interface or a list.
///
/// It holds any bytes but zero, for whoever wrote the rule was not asked for UTF-8.
public struct ByteString: Sendable, Hashable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  public init(_ text: String) { self.bytes = Array(text.utf8) }

  /// The bytes as text; bytes that are not UTF-8 are replaced.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
