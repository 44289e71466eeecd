/// `-m udp`. C counterpart: `struct xt_udp`.
public struct UDPMatch: Sendable, Hashable {
  public var source: PortRange
  public var destination: PortRange

  public init(source: PortRange = .any, destination: PortRange = .any) {
    self.source = source
    self.destination = destination
  }
}
