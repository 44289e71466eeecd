/// `-i` or `-o`: an interface's name, or with ``isPrefix`` the beginning of one (`eth+`).
public struct InterfaceMatch: Sendable, Hashable {
  /// The name's bytes, without the `+`.
  public let name: ByteString
  public let isPrefix: Bool
  public let inverted: Bool

  public init(name: ByteString, isPrefix: Bool, inverted: Bool = false) {
    self.name = name
    self.isPrefix = isPrefix
    self.inverted = inverted
  }
}
