public import Netfilter

/// Why the rules reject or drop a service port's traffic; the raw value is the label.
public enum BlockReason: String, Sendable, Hashable, CaseIterable {
  /// No endpoint at all: rejected.
  case noEndpoints = "no_endpoints"
  /// A Local policy, and no endpoint on this node: dropped, by filter or, up to 1.24, by way of nat's
  /// KUBE-MARK-DROP.
  case noLocalEndpoints = "no_local_endpoints"
}

extension BlockReason {
  /// The reason that kube-proxy's comment on a rule gives; nil where it gives none.
  public init?(comment: ByteString?) {
    guard let comment, let reason = ServicePortComment(comment.bytes.span)?.blockReason else {
      return nil
    }
    self = reason
  }
}
