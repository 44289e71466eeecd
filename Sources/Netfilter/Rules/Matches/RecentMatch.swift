/// `-m recent`. C counterpart: `struct xt_recent_mtinfo_v1`.
public struct RecentMatch: Sendable, Hashable {
  /// The list's name, such as `KUBE-SEP-…`.
  public let name: ByteString
  /// `XT_RECENT_*`: 1 check, 2 set, 4 update, 8 remove, 16 TTL, 32 reap.
  public let flags: UInt8
  public let seconds: UInt32
  public let hitCount: UInt32
  public let isDestination: Bool
  public let mask: IPAddress
  public let inverted: Bool

  public init(
    name: ByteString, flags: UInt8, seconds: UInt32, hitCount: UInt32, isDestination: Bool,
    mask: IPAddress, inverted: Bool = false
  ) {
    self.name = name
    self.flags = flags
    self.seconds = seconds
    self.hitCount = hitCount
    self.isDestination = isDestination
    self.mask = mask
    self.inverted = inverted
  }
}
