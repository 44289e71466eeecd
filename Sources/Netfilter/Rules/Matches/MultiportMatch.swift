/// `-m multiport`. C counterpart: `struct xt_multiport_v1`.
public struct MultiportMatch: Sendable, Hashable {
  public enum Side: UInt8, Sendable, Hashable {
    case source = 0
    case destination = 1
    case either = 2
  }

  public let side: Side
  /// Single ports and ranges, in the order given; at most 15 ports, a range counting as two.
  public let ports: [PortRange]
  public let inverted: Bool

  public init(side: Side, ports: [PortRange], inverted: Bool = false) {
    self.side = side
    self.ports = ports
    self.inverted = inverted
  }
}
