/// `-m sctp` without chunk types. C counterpart: `struct xt_sctp_info`.
public struct SCTPMatch: Sendable, Hashable {
  public var source: PortRange
  public var destination: PortRange

  public init(source: PortRange = .any, destination: PortRange = .any) {
    self.source = source
    self.destination = destination
  }
}
