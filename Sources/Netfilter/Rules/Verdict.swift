/// A target that ends the walk through a chain, or a built-in chain's policy.
public enum Verdict: UInt8, Sendable, Hashable {
  case accept
  case drop
  case queue
  case `return`

  /// As iptables writes it: `ACCEPT`, `DROP`, `QUEUE`, `RETURN`.
  public var name: String {
    switch self {
    case .accept: "ACCEPT"
    case .drop: "DROP"
    case .queue: "QUEUE"
    case .return: "RETURN"
    }
  }

  public init?(name: some StringProtocol) {
    switch name {
    case "ACCEPT": self = .accept
    case "DROP": self = .drop
    case "QUEUE": self = .queue
    case "RETURN": self = .return
    default: return nil
    }
  }
}
