/// `-p`: an IP protocol.
public struct ProtocolMatch: Sendable, Hashable {
  public let number: UInt8
  public let inverted: Bool

  public init(number: UInt8, inverted: Bool = false) {
    self.number = number
    self.inverted = inverted
  }

  public static let tcp = ProtocolMatch(number: 6)
  public static let udp = ProtocolMatch(number: 17)
  public static let sctp = ProtocolMatch(number: 132)
}
