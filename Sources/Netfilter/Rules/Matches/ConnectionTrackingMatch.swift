/// `-m conntrack`. C counterpart: `struct xt_conntrack_mtinfo3`.
public struct ConnectionTrackingMatch: Sendable, Hashable {
  /// What is compared, and which of it inverted: `XT_CONNTRACK_*` bits.
  public var matchFlags: UInt16
  public var invertFlags: UInt16
  /// `--ctstate`: 1 invalid, 2 established, 4 related, 8 new, 64 SNAT, 128 DNAT, 256 untracked.
  public var states: UInt16
  /// `--ctstatus`: 1 expected, 2 seen reply, 4 assured, 8 confirmed, as the kernel numbers them.
  public var statuses: UInt16
  /// All other fields, as stored up to the flags and, after the states, the upper ports; empty
  /// where none of them is compared.
  public var others: [UInt8]

  public init(
    matchFlags: UInt16, invertFlags: UInt16 = 0, states: UInt16 = 0, statuses: UInt16 = 0,
    others: [UInt8] = []
  ) {
    self.matchFlags = matchFlags
    self.invertFlags = invertFlags
    self.states = states
    self.statuses = statuses
    self.others = others
  }
}
