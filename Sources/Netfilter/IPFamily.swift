/// The address family whose tables are meant; the raw value is the label value that kube-proxy's own
/// metrics use.
public enum IPFamily: String, Sendable, Hashable, CaseIterable, Comparable {
  case ipv4 = "IPv4"
  case ipv6 = "IPv6"

  public static func < (left: IPFamily, right: IPFamily) -> Bool {
    left == .ipv4 && right == .ipv6
  }
}
