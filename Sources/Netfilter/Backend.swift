/// The kernel subsystem that holds a rule set: x_tables (`iptables-legacy`) or nf_tables
/// (`iptables-nft`). Neither sees the other's rules.
public enum Backend: String, Sendable, Hashable, CaseIterable, Comparable {
  case legacy
  case nft

  public static func < (left: Backend, right: Backend) -> Bool { left.rawValue < right.rawValue }
}
