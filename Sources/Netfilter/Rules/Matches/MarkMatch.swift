/// `-m mark`. C counterpart: `struct xt_mark_mtinfo1`.
public struct MarkMatch: Sendable, Hashable {
  public let value: UInt32
  public let mask: UInt32
  public let inverted: Bool

  public init(value: UInt32, mask: UInt32, inverted: Bool = false) {
    self.value = value
    self.mask = mask
    self.inverted = inverted
  }
}
