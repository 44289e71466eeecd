/// A transport protocol as Kubernetes writes it.
public enum TransportProtocol: String, Sendable, Hashable, Comparable, CaseIterable {
  case tcp = "TCP"
  case udp = "UDP"
  case sctp = "SCTP"

  /// The protocol of that IP protocol number; nil for one that services don't have.
  public init?(_ ipProtocol: UInt8) {
    switch ipProtocol {
    case 6: self = .tcp
    case 17: self = .udp
    case 132: self = .sctp
    default: return nil
    }
  }

  /// As it goes into a chain's name: `tcp`, `udp`, `sctp`.
  var chainNameText: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    case .sctp: "sctp"
    }
  }

  public static func < (left: TransportProtocol, right: TransportProtocol) -> Bool {
    left.rawValue < right.rawValue
  }
}
