/// A range of ports, both ends included; the default is every port, which restricts nothing.
public struct PortRange: Sendable, Hashable {
  public let first: UInt16
  public let last: UInt16
  public let inverted: Bool

  public init(first: UInt16 = 0, last: UInt16 = .max, inverted: Bool = false) {
    self.first = first
    self.last = last
    self.inverted = inverted
  }

  public static let any = PortRange()

  /// The port, where the range is one port and not inverted.
  public var single: UInt16? { first == last && !inverted ? first : nil }
}
